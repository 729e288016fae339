using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Makes the same request of the same seed and number, whatever was made before it.</summary>
internal sealed partial class RequestGenerator
{
    private static readonly RequestKind[] Kinds =
    [
        RequestKind.Valid, RequestKind.Body, RequestKind.Trick, RequestKind.Path, RequestKind.Whole, RequestKind.Valid, RequestKind.Trick, RequestKind.Query, RequestKind.Headers, RequestKind.Trick, RequestKind.Framing,
        RequestKind.Body, RequestKind.Trick,
    ];

    private static readonly RequestKind[] Bodiless = [RequestKind.Valid, RequestKind.Path, RequestKind.Query, RequestKind.Headers, RequestKind.Framing, RequestKind.Valid, RequestKind.Headers];

    private readonly ApiDocument _document;
    private readonly ValidBodies _bodies;
    private readonly int _seed;

    // Each operation, more often the more members its body has, with how many turns it has had in this list.
    private readonly List<(ApiOperation Operation, int Turn, int Turns)> _turns;

    public RequestGenerator(ApiDocument document, int seed)
    {
        (_document, _seed) = (document, seed);
        _bodies = new ValidBodies(document);
        var weighted = document.Operations.Select(operation => (Operation: operation, Turns: Weight(operation))).ToList();
        _turns = [.. Enumerable.Range(0, weighted.Max(it => it.Turns)).SelectMany(turn => weighted.Where(it => turn < it.Turns).Select(it => (it.Operation, turn, it.Turns)))];
    }

    public FuzzRequest Make(int index)
    {
        var random = new Random(unchecked((_seed * 1_000_003) + index));
        var (operation, turn, turns) = _turns[index % _turns.Count];
        // How often this operation has been made already.
        var visit = (index / _turns.Count * turns) + turn;
        var kinds = operation.HasBody ? Kinds : Bodiless;
        var kind = kinds[visit % kinds.Length];
        var valid = Valid(index, operation, kind, random);
        return kind switch
        {
            RequestKind.Body when operation.BodySchema is not null => valid with { Body = BodyMutation.Apply(_bodies.Make(operation, random), random) },
            RequestKind.Body or RequestKind.Whole => Whole(valid, random),
            RequestKind.Trick => Trick(valid, random),
            RequestKind.Path => Path(valid, random),
            RequestKind.Query => valid with { Target = $"{valid.Target.Split('?')[0]}{QueryValues.Hostile(operation, _document, random)}" },
            RequestKind.Headers when IsTerminal(operation) && random.Next(2) == 0 => valid with { Headers = WebSocketFrames.BadHandshake(random) },
            RequestKind.Headers => valid with { Headers = [.. valid.Headers, HeaderValues.Hostile(operation, random)] },
            RequestKind.Framing => valid with { Framing = Framing.Odd[random.Next(Framing.Odd.Length)] },
            _ => valid,
        };
    }

    private static int Weight(ApiOperation operation) => operation.BodySchema is null ? 1 : Math.Clamp(operation.Examples.Max(example => (example as JsonObject)?.Count ?? 1), 2, 12);

    private static bool IsTerminal(ApiOperation operation) => operation.Answers.ContainsKey(101);

    private FuzzRequest Valid(int index, ApiOperation operation, RequestKind kind, Random random)
    {
        var request = new FuzzRequest(index, operation, kind)
        {
            Target = Fill(operation, parameter => PathValues.Tame(parameter, random)) + QueryValues.Valid(operation, _document, random),
            Headers = [.. HeaderValues.Valid(operation, random)],
        };
        if (IsTerminal(operation))
            return request with { Headers = [.. request.Headers, .. WebSocketFrames.Handshake], Body = WebSocketFrames.Some(random), Framing = Framing.Upgrade };
        if (!operation.HasBody)
            return request;
        var type = operation.MediaTypes[random.Next(operation.MediaTypes.Count)].Replace("*/*", "text/plain", StringComparison.Ordinal);
        // JSON is YAML.
        var body = operation.BodySchema is null ? WholeBodies.Binary(type, random) : _bodies.Make(operation, random).ToJsonString();
        return request with { Headers = [.. request.Headers, $"Content-Type: {type}"], Body = body };
    }

    private static FuzzRequest Whole(FuzzRequest valid, Random random)
    {
        var others = valid.Headers.Where(line => !line.StartsWith("Content-Type", StringComparison.Ordinal)).ToList();
        return random.Next(4) switch
        {
            0 => valid with { Headers = [.. others, $"Content-Type: {WholeBodies.Types[random.Next(WholeBodies.Types.Length)]}"] },
            1 => valid with { Headers = [.. valid.Headers, "Content-Encoding: gzip"], Body = WholeBodies.Zip(valid.Body!) },
            2 when random.Next(3) == 0 => valid with { Headers = others },
            _ => valid with { Body = WholeBodies.Change(valid.Body!, random) },
        };
    }

    private FuzzRequest Trick(FuzzRequest valid, Random random)
    {
        var yaml = YamlTricks.All[random.Next(YamlTricks.All.Length)];
        var fields = valid.Operation.BodySchema is { } schema && _document.Schemas.Resolve(schema).TryGetProperty("properties", out var members)
            ? members.EnumerateObject().Select(member => member.Name).Where(name => name is "userData" or "networkConfig").ToList() : [];
        if (fields.Count == 0 || random.Next(4) == 0)
            return valid with { Headers = ["Content-Type: application/yaml"], Body = Bytes.Of(yaml) };
        var field = fields[random.Next(fields.Count)];
        var text = field == "networkConfig" ? yaml : random.Next(2) == 0 ? $"#cloud-config\n{yaml}" : UserDataTricks.All[random.Next(UserDataTricks.All.Length)];
        var body = new JsonObject { ["name"] = $"f{random.Next(100_000)}", [field] = text };
        return valid with { Headers = ["Content-Type: application/json"], Body = body.ToJsonString() };
    }

    private FuzzRequest Path(FuzzRequest valid, Random random)
    {
        var parameters = valid.Operation.In("path").ToList();
        if (parameters.Count == 0)
            return valid with { Target = $"{valid.Operation.Path}{PathValues.Foreign[random.Next(PathValues.Foreign.Length)]}", IsForeign = true };
        var odd = parameters[random.Next(parameters.Count)];
        var value = PathValues.Foreign[random.Next(PathValues.Foreign.Length)];
        var target = Fill(valid.Operation, parameter => parameter == odd ? value : PathValues.Tame(parameter, random));
        // To delete a snapshot that is not there, there is nothing to do; unless the value is read as something else.
        var mayBeDone = odd.Name != "id" && valid.Operation.Method == "DELETE" && !EncodedPath().IsMatch(value);
        return valid with { Target = target + QueryValues.Valid(valid.Operation, _document, random), IsForeign = !mayBeDone };
    }

    private static string Fill(ApiOperation operation, Func<ApiParameter, string> value) =>
        Hole().Replace(operation.Path, match => value(operation.In("path").Single(parameter => parameter.Name == match.Groups[1].Value)));

    [GeneratedRegex("%(2e|2f|c0)", RegexOptions.IgnoreCase)]
    private static partial Regex EncodedPath();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Hole();
}
