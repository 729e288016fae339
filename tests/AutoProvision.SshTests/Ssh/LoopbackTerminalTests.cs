namespace AutoProvision.Ssh;

/// <summary>Without root, sshd gives its terminals away only where /dev/pts is mounted with the group tty.</summary>
[Trait(Needs.Name, Needs.Root)]
public sealed class LoopbackTerminalTests(SshdFixture sshd) : LoopbackGuest(sshd)
{
    [Fact(Timeout = Limit)]
    public Task A_terminal_has_its_size_and_tells_its_end() => Guest.ATerminalHasItsSizeAndTellsItsEndAsync();

    [Fact(Timeout = Limit)]
    public Task Leaving_a_terminal_ends_what_runs_in_it() => Guest.LeavingATerminalEndsWhatRunsInItAsync();
}
