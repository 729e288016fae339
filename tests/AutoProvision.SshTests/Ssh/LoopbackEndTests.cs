using AutoProvision.Fakes;

namespace AutoProvision.Ssh;

/// <summary>How commands are ended, with all they began.</summary>
public sealed class LoopbackEndTests(SshdFixture sshd) : LoopbackGuest(sshd)
{
    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_the_command_and_its_children() => Guest.ATimeoutEndsItAllAsync(Other);

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task Hanging_up_ends_the_command_and_its_children(bool isStream) => Guest.HangingUpEndsItAsync(isStream);

    /// <summary>As <c>timeout</c> does, and shells with job control.</summary>
    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_children_in_process_groups_of_their_own() => Guest.ATimeoutEndsOtherGroupsTooAsync();

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task What_is_said_to_have_ended_has_ended(bool isStream) => Guest.ATimeoutIsConfirmedAsync(isStream);

    /// <summary>Its sshd is stopped in the middle: neither the command nor the order to end it is answered.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_guest_that_hangs_holds_nobody_longer_than_the_timeout()
    {
        var seconds = $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
        using var response = await Http.OpenExecAsync(Guest.Vm, $$"""{"shell":"exec sleep {{seconds}}","timeoutSeconds":1}""", TestContext.Current.CancellationToken);
        try
        {
            Sshd.SignalListener("STOP");
            Sshd.SignalConnections("STOP");

            var last = await response.ReadExecAsync().LastAsync(TestContext.Current.CancellationToken);
            Assert.Equal(("exit", true, true), (last.EventType, last.Data.GetProperty("timedOut").GetBoolean(), last.Data.GetProperty("mayStillRun").GetBoolean()));
        }
        finally
        {
            Sshd.SignalConnections("KILL");
            Sshd.SignalListener("CONT");
            HostProcesses.Kill("sleep", seconds);
        }
    }

    /// <summary>The service's own account has another one.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_command_whose_connection_hangs_is_ended_all_the_same()
    {
        var seconds = $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
        using var response = await Http.OpenExecAsync(Guest.Vm, $$"""{"shell":"exec sleep {{seconds}}","timeoutSeconds":1}""", TestContext.Current.CancellationToken);
        try
        {
            Sshd.SignalConnections("STOP");

            var last = await response.ReadExecAsync().LastAsync(TestContext.Current.CancellationToken);

            Assert.Equal(("exit", true, false), (last.EventType, last.Data.GetProperty("timedOut").GetBoolean(), last.Data.TryGetProperty("mayStillRun", out _)));
            Assert.False(HostProcesses.Runs("sleep", seconds));
        }
        finally
        {
            Sshd.SignalConnections("KILL");
            HostProcesses.Kill("sleep", seconds);
        }
    }
}
