using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Says whether an answer is one that the OpenAPI document has for the request.</summary>
internal sealed partial class Judge(ApiDocument document)
{
    private const string Problem = "application/problem+json";

    // A refusal is for a reader, however much was wrong.
    private const int MostOfRefusal = 256 * 1024;

    // What a request can be refused with before an operation is found for it. Beside the router's own: RFC 9110, section 15.
    private static readonly HashSet<int> BeforeOperation = [400, 404, 405, 408, 411, 413, 414, 415, 431, 501, 505];

    // Of these what the server refuses itself, before there is an application to write a document.
    private static readonly HashSet<int> WithoutDocument = [400, 405, 408, 411, 413, 414, 431, 501, 505];

    // A request that is framed oddly may be taken for another operation's.
    private readonly HashSet<int> _anywhere = [.. document.Operations.SelectMany(operation => operation.Answers.Keys)];

    /// <returns>What is wrong; null where nothing is.</returns>
    public string? Find(FuzzRequest request, FuzzAnswer answer) => answer.End switch
    {
        AnswerEnd.Late => "no answer",
        AnswerEnd.Unreachable => "nobody listens",
        // A WebSocket ends with its connection.
        // A download whose VM goes meanwhile.
        AnswerEnd.Dropped when request.Operation.Name == "GET /vms/{id}/files" && answer.Status is 200 or 206 => null,
        AnswerEnd.Dropped when !request.Framing.MayBeDropped && answer.Status != 101 => "the connection was closed before the answer's end",
        _ when answer.Status == 0 => null,
        _ => FindInStatus(request, answer) ?? FindInBody(request, answer),
    };

    private string? FindInStatus(FuzzRequest request, FuzzAnswer answer)
    {
        var isDocumented = request.Operation.Answers.ContainsKey(answer.Status);
        return answer.Status switch
        {
            500 => "an internal error",
            < 400 when request.IsForeign => $"an address that names nothing gets a {answer.Status}",
            _ when request.Kind == RequestKind.Framing && (answer.Status < 400 || _anywhere.Contains(answer.Status)) => null,
            _ when isDocumented || (request.MayStray && BeforeOperation.Contains(answer.Status)) => null,
            _ => $"a {answer.Status}, which is not documented for {request.Operation.Name}",
        };
    }

    private string? FindInBody(FuzzRequest request, FuzzAnswer answer)
    {
        var isHead = request.Framing.Name == "method HEAD";
        if (answer.End != AnswerEnd.Whole || isHead || answer.IsStream || answer.Status is 204 or 304)
            return null;
        if (answer.Status < 400)
            return request.Kind == RequestKind.Framing ? null : FindInJson(request, answer);
        if (request.MayStray && answer.Body.Length == 0 && WithoutDocument.Contains(answer.Status) && answer.Headers.GetValueOrDefault("connection") == "close")
            return null;
        if (answer.Body.Length > MostOfRefusal)
            return $"a refusal of {answer.Body.Length / 1024} KiB";
        if (answer.MediaType == Problem)
            return FindInProblem(answer);
        return request.Operation.Answers.GetValueOrDefault(answer.Status, []).Contains(answer.MediaType) ? null : "a refusal without a problem document";
    }

    private string? FindInJson(FuzzRequest request, FuzzAnswer answer) =>
        request.Operation.Answers.GetValueOrDefault(answer.Status, []).Contains(answer.MediaType) switch
        {
            false when answer.Body.Length > 0 => $"a body of {answer.MediaType}, which is not documented",
            true when answer.MediaType == "application/json" => Check(answer, json => document.Schemas.Check(json, request.Operation.Name, $"{answer.Status}")),
            _ => null,
        };

    private static string? FindInProblem(FuzzAnswer answer) => Check(answer, problem =>
    {
        Assert.Equal(answer.Status, problem.GetProperty("status").GetInt32());
        Assert.Matches(Code(), problem.Text("code"));
        Assert.All([problem.Text("hint"), problem.Text("detail"), problem.Text("title")], Assert.NotEmpty);
    });

    private static string? Check(FuzzAnswer answer, Action<JsonElement> check)
    {
        try
        {
            check(JsonElement.Parse(Bytes.ToArray(answer.Body)));
            return null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or Xunit.Sdk.XunitException)
        {
            return $"a body that is not as described: {e.Message}";
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_]+$")]
    private static partial Regex Code();
}
