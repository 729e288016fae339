namespace AutoProvision.CloudInit;

/// <summary>What a user of the guest gets beyond a name and keys.</summary>
public sealed record UserOptions
{
    /// <summary>The rule that allows everything and asks for no password.</summary>
    public const string FullSudo = "ALL=(ALL) NOPASSWD:ALL";

    /// <summary>Further groups; those that do not exist are made.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Rule for sudoers, without the user's name; null: no sudo.</summary>
    public string? Sudo { get; init; } = FullSudo;

    /// <summary>Log-in shell, absolute.</summary>
    public string Shell { get; init; } = "/bin/bash";
}
