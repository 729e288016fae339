namespace AutoProvision.Ssh;

/// <summary>bash, whose start-up file prints to both streams, and reads nothing and leaves no line break.</summary>
public sealed class PrintingBash : SshdFixture
{
    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string>
    {
        [".bashrc"] = "echo Welcome; echo 'Have a look at the news.' >&2; seq 1 20000; printf 'no line break'; printf 'none here' >&2\n",
    };
}

public sealed class PrintingFish : SshdFixture
{
    protected override string? LoginShell => "/usr/bin/fish";

    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string> { [".config/fish/config.fish"] = "echo Welcome to fish\n" };
}

public sealed class PrintingTcsh : SshdFixture
{
    protected override string? LoginShell => "/usr/bin/tcsh";

    protected override IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string> { [".tcshrc"] = "echo Welcome to tcsh\n" };
}

/// <summary>One that runs nothing.</summary>
public sealed class NoLogin : SshdFixture
{
    protected override string? LoginShell => "/usr/sbin/nologin";
}
