namespace AutoProvision.Ssh;

public sealed class LoopbackTerminalTests(SshdFixture sshd) : LoopbackGuest(sshd)
{
    [Fact(Timeout = Limit)]
    public Task A_terminal_has_its_size_and_tells_its_end() => Guest.ATerminalHasItsSizeAndTellsItsEndAsync();

    [Fact(Timeout = Limit)]
    public Task Leaving_a_terminal_ends_what_runs_in_it() => Guest.LeavingATerminalEndsWhatRunsInItAsync();
}
