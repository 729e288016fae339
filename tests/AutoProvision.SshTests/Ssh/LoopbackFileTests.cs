namespace AutoProvision.Ssh;

/// <summary>What is said of files that are not there.</summary>
public sealed class LoopbackFileTests(SshdFixture sshd) : LoopbackGuest(sshd)
{
    [Fact(Timeout = Limit)]
    public Task A_link_that_leads_nowhere_or_to_itself_is_named() => Guest.DeadLinksAreNamedAsync();
}
