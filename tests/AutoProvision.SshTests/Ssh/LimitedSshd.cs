namespace AutoProvision.Ssh;

/// <summary>An sshd that allows one session on each connection.</summary>
public sealed class OneSessionSshd : SshdFixture
{
    protected override string More => "MaxSessions 1";
}

/// <summary>An sshd as Debian has it by default: from the tenth connection that has not logged in yet, it hangs up on three of ten.</summary>
public sealed class DefaultStartupsSshd : SshdFixture
{
    protected override string More => "MaxStartups 10:30:100";
}

/// <summary>An sshd that lets one in at a time, and hangs up on all others.</summary>
public sealed class OneStartupSshd : SshdFixture
{
    protected override string More => "MaxStartups 1";
}
