namespace AutoProvision.Ssh;

/// <summary>What goes to a command and what comes from it.</summary>
public sealed class LoopbackExecTests(SshdFixture sshd) : LoopbackGuest(sshd)
{
    [Fact(Timeout = Limit)]
    public Task A_hundred_megabytes_arrive_exactly() => Guest.ManyBytesArriveExactlyAsync();

    [Fact(Timeout = Limit)]
    public Task Bytes_that_are_no_text_arrive() => Guest.BytesThatAreNoTextArriveAsync();

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public Task Variables_directory_user_and_input_are_as_wanted() => Guest.PlaceAndUserAreAsWantedAsync(Other);

    [Fact(Timeout = Limit)]
    public Task Large_input_never_hangs() => Guest.LargeInputNeverHangsAsync();

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("exec >/dev/null 2>&1;")]
    [InlineData("while sleep 0.1; do echo tick; done &")]
    [InlineData("yes >&2 &")]
    public Task A_background_process_neither_holds_the_answer_nor_is_ended(string chatter) => Guest.ABackgroundProcessGoesOnAsync(chatter);

    [Fact(Timeout = Limit)]
    public Task Output_that_comes_after_the_shells_exit_is_whole() => Guest.LateOutputIsWholeAsync();

    [Fact(Timeout = Limit)]
    public Task The_longest_text_runs_and_a_longer_one_is_refused_before_it_is_sent() => Guest.TheLongestTextRunsAsync();

    [Fact(Timeout = Limit)]
    public Task A_slow_reader_slows_the_command() => Guest.ASlowReaderSlowsTheCommandAsync();
}
