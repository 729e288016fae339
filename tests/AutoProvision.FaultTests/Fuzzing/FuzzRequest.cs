namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>One request, with marks in place of what differs from round to round.</summary>
/// <param name="Index">Its number, which with the seed makes it again.</param>
/// <param name="Operation">What it is meant for.</param>
/// <param name="Kind">What is done to it.</param>
internal sealed record FuzzRequest(int Index, ApiOperation Operation, RequestKind Kind)
{
    public required string Target { get; init; }

    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Null for none.</summary>
    public string? Body { get; init; }

    public Framing Framing { get; init; } = Framing.Plain;

    /// <summary>A value in its path names nothing.</summary>
    public bool IsForeign { get; init; }

    /// <summary>It may be refused before an operation is found for it: by what understands HTTP, by the router, by the check of its host.</summary>
    public bool MayStray => Kind is RequestKind.Path or RequestKind.Framing or RequestKind.Headers or RequestKind.Query || Headers.Any(line => line.Any(c => !char.IsAscii(c)));

    /// <summary>Its answer may be held for a while, as it asks for.</summary>
    public bool MayHold => Target.Contains("wait", StringComparison.OrdinalIgnoreCase) || Headers.Any(line => line.StartsWith("Prefer", StringComparison.OrdinalIgnoreCase));

    /// <summary>What is sent, each char a byte.</summary>
    public string ToWire(string host, Func<string, string> resolve)
    {
        string[] own = Headers.Any(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)) ? [] : ["Host: $host$"];
        string[] lines = [$"{Operation.Method} {Target} HTTP/1.1", .. own, .. Headers];
        var head = string.Join("\r\n", lines).Replace("$host$", host, StringComparison.Ordinal);
        return Framing.Frame(resolve(head), Body is null ? null : resolve(Body));
    }

    public override string ToString() => $"#{Index} {Operation.Name} ({Kind.ToString().ToLowerInvariant()}{(Framing == Framing.Plain ? "" : $", {Framing.Name}")}): "
        + Bytes.Show(ToWire("127.0.0.1", text => text), 700);
}

internal enum RequestKind
{
    Valid,

    /// <summary>One value of the body is changed.</summary>
    Body,

    /// <summary>The body as a whole, or its type, is changed.</summary>
    Whole,

    /// <summary>YAML or user-data that plays a trick.</summary>
    Trick,
    Path,
    Query,
    Headers,
    Framing,
}
