namespace AutoProvision.Inputs;

/// <summary>A text from outside is larger or more complex than what is read. Its code and hint go before those of the check that it ended.</summary>
public sealed class InputLimitException(string code, string message, string hint) : ArgumentException(message)
{
    /// <summary>Too many bytes.</summary>
    public const string TooLarge = "too_large";

    /// <summary>Too many values, levels, parts or headers.</summary>
    public const string TooComplex = "too_complex";

    public string Code { get; } = code;

    public string Hint { get; } = hint;
}
