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

    [Fact(Timeout = Limit)]
    public Task A_slow_reader_slows_the_command() => Guest.ASlowReaderSlowsTheCommandAsync();
}
