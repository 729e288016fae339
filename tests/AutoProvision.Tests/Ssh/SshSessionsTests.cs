using AutoProvision.Vms;

namespace AutoProvision.Ssh;

public sealed class SshSessionsTests
{
    private const int Limit = 30_000;
    private readonly FakeSsh _ssh = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_VM_has_no_more_than_its_number_and_a_closed_one_makes_room()
    {
        var sessions = new SshSessions(_ssh, 1);
        var first = await sessions.OpenAsync("a", () => FakeSsh.Target, Cancellation);
        await using var other = await sessions.OpenAsync("b", () => FakeSsh.Target, Cancellation);

        var refused = await Assert.ThrowsAsync<FailureException>(() => sessions.OpenAsync("a", () => FakeSsh.Target, Cancellation));
        await first.DisposeAsync();
        await using var second = await sessions.OpenAsync("a", () => FakeSsh.Target, Cancellation);

        Assert.Equal("ssh_sessions_exhausted", refused.Code);
    }

    [Fact(Timeout = Limit)]
    public async Task Ending_a_VMs_sessions_closes_them_and_no_others()
    {
        var sessions = new SshSessions(_ssh, 9);
        await using var one = await sessions.OpenAsync("a", () => FakeSsh.Target, Cancellation);
        await using var two = await sessions.OpenAsync("b", () => FakeSsh.Target, Cancellation);

        await sessions.EndAsync("a");

        Assert.Equal([true, false], _ssh.Sessions.Select(session => session.Closed));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_may_not_be_used_takes_no_place()
    {
        var sessions = new SshSessions(_ssh, 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => sessions.OpenAsync("a", () => throw new InvalidOperationException(), Cancellation));

        await using var session = await sessions.OpenAsync("a", () => FakeSsh.Target, Cancellation);
    }
}
