using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Ssh;

/// <summary>The guest's own programs are a short cut: without them nothing fails.</summary>
public sealed class GuestProgramsTests
{
    private const int Limit = 30_000;
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Transfers that each hold one place would wait for one another for ever.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_second_place_is_not_waited_for_for_long()
    {
        var starting = Programs(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return (ISshChannel)Says("");
        }).TryStartAsync("x", Cancellation);

        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.Null(await starting);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_refuses_a_second_channel_has_no_programs() =>
        Assert.Null(await Programs(_ => throw new FailureException("ssh_channel_refused", "", "")).TryStartAsync("x", Cancellation));

    [Fact(Timeout = Limit)]
    public async Task A_caller_who_goes_is_told_so()
    {
        using var caller = new CancellationTokenSource();
        var starting = Programs(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return (ISshChannel)Says("");
        }).TryStartAsync("x", caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    [Theory(Timeout = Limit)]
    [InlineData($"{GuestCommand.Ready}\n{GuestCommand.Done}\n", true)]
    [InlineData($"printed at login\n{GuestCommand.Ready}\n{GuestCommand.Done}\n", true)]
    [InlineData($"{GuestCommand.Ready}\n{GuestCommand.End}1\n", false)]
    [InlineData($"{GuestCommand.Ready}\n", false)]
    [InlineData($"{GuestCommand.Done}\n", false)]
    [InlineData("", false)]
    public async Task What_does_not_say_that_it_did_all_did_not(string output, bool isDone) =>
        Assert.Equal(isDone, await Programs(_ => Task.FromResult<ISshChannel>(Says(output))).TryRunAsync("x", Cancellation));

    private GuestPrograms Programs(Func<CancellationToken, Task<ISshChannel>> open) => new((_, token) => open(token), _time);

    private static FakeGuestProgram Says(string output) => new FakeGuestProgram(System.Text.Encoding.ASCII.GetBytes(output));
}
