using Microsoft.Net.Http.Headers;

namespace AutoProvision.Api;

/// <summary>Media types that a request body may have.</summary>
internal static class BodyTypes
{
    public const string Json = "application/json";

    /// <summary>RFC 9512.</summary>
    public const string Yaml = "application/yaml";

    public const string Hint = "Send Content-Type: application/json or application/yaml.";

    /// <summary>What YAML was called before it had a registered name.</summary>
    public static readonly string[] YamlAliases = ["application/x-yaml", "text/yaml"];

    public static string[] All => [Json, Yaml, .. YamlAliases];

    public static bool HasYamlContentType(this HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && YamlAliases.Append(Yaml).Any(name => type.MediaType.Equals(name, StringComparison.OrdinalIgnoreCase));
}
