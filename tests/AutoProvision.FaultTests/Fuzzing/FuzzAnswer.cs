namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>What came back of a request.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Status">0 where there is no head.</param>
/// <param name="Headers">Names in lower case; of several of one name the last.</param>
/// <param name="Body">The body, or what was read of it; each char a byte.</param>
/// <param name="Took">From the first byte sent to the head of the answer.</param>
internal sealed record FuzzAnswer(AnswerEnd End, int Status, IReadOnlyDictionary<string, string> Headers, string Body, TimeSpan Took)
{
    public string MediaType => Headers.GetValueOrDefault("content-type", "").Split(';')[0];

    public bool IsStream => Status == 101 || MediaType == "text/event-stream";

    public override string ToString() => End switch
    {
        AnswerEnd.Late or AnswerEnd.Unreachable => End.ToString().ToLowerInvariant(),
        _ => $"{(Status == 0 ? "nothing" : Status)} {MediaType} ({End.ToString().ToLowerInvariant()}) {Bytes.Show(Body, 300)}",
    };
}

internal enum AnswerEnd
{
    /// <summary>It is all there.</summary>
    Whole,

    /// <summary>A stream, or an answer that may be held: this side has seen enough of it.</summary>
    Left,

    /// <summary>The service closed the connection before the answer's end.</summary>
    Dropped,

    /// <summary>It did not come within the deadline.</summary>
    Late,

    /// <summary>Nobody listens.</summary>
    Unreachable,
}
