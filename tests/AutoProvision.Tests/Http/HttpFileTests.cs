using System.Text.RegularExpressions;

namespace AutoProvision.Http;

/// <summary>The runnable requests in http/ against the routes there are.</summary>
public sealed partial class HttpFileTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Every_request_goes_to_a_route_and_every_route_has_a_request()
    {
        var document = await Api.DocumentOperations.ReadAsync();
        var routes = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"))
            .Append("GET /openapi/v1.json").Append("GET /swagger/index.html");

        var requests = Repository.Files("http", "*.http").SelectMany(path => Requests(File.ReadAllText(path))).Distinct();

        Assert.Equal(routes.Order(StringComparer.Ordinal), requests.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Requests(string file) => RequestLine().Matches(file)
        .Select(line => $"{line.Groups["method"].Value} {Id().Replace(line.Groups["path"].Value.Trim(), "{id}").Replace("/snapshots/before-upgrade", "/snapshots/{name}", StringComparison.Ordinal)}");

    [GeneratedRegex(@"^(?<method>[A-Z]+) \{\{base\}\}(?<path>/[^\s?]*)", RegexOptions.Multiline)]
    private static partial Regex RequestLine();

    // A value from an earlier answer, or an id written out.
    [GeneratedRegex(@"\{\{[^}]*\}\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Id();
}
