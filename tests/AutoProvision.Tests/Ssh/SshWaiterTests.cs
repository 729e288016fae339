using AutoProvision.Vms;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Ssh;

public sealed class SshWaiterTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly FakeSsh _guest = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _deadline = new();

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Looks_again_every_quarter_of_a_second_until_the_guest_is_ready()
    {
        _guest.Fault = FakeSsh.Refused;
        var waiting = WaitAsync();
        _time.Advance(Interval);
        Assert.Equal(2, _guest.Attempts);
        _guest.Fault = FakeSsh.Denied;
        _time.Advance(Interval);
        _guest.Fault = null;
        _time.Advance(Interval);
        Assert.Same(_guest.Connections.Single(), await waiting);
        Assert.Equal(4, _guest.Attempts);
    }

    [Fact]
    public async Task Another_machine_ends_the_wait_at_once()
    {
        _guest.Fault = FakeSsh.OtherHost;
        Assert.Equal("ssh_host_key_mismatch", (await FailureAsync(WaitAsync())).Code);
        Assert.Equal(1, _guest.Attempts);
    }

    [Fact]
    public async Task A_deadline_tells_what_was_seen_last()
    {
        _guest.Fault = FakeSsh.Refused;
        var waiting = WaitAsync();
        await _deadline.CancelAsync();
        var failure = await FailureAsync(waiting);
        Assert.Equal(("ssh_timeout", "Connection refused"), (failure.Code, failure.Evidence));
    }

    [Fact]
    public async Task A_key_refused_to_the_last_is_an_authentication_failure()
    {
        _guest.Fault = FakeSsh.Denied;
        var waiting = WaitAsync();
        await _deadline.CancelAsync();
        var failure = await FailureAsync(waiting);
        Assert.Equal(("ssh_auth_failed", "Permission denied (publickey)."), (failure.Code, failure.Evidence));
    }

    [Fact]
    public async Task A_deadline_in_the_first_attempt_is_a_timeout()
    {
        _guest.Gate = new TaskCompletionSource().Task;
        var waiting = WaitAsync();
        await _deadline.CancelAsync();
        Assert.Equal("ssh_timeout", (await FailureAsync(waiting)).Code);
    }

    [Fact]
    public async Task Cancelling_is_no_failure()
    {
        _guest.Fault = FakeSsh.Refused;
        using var cancellation = new CancellationTokenSource();
        var waiting = WaitAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private Task<ISshConnection> WaitAsync(CancellationToken? cancellation = null) =>
        new SshWaiter(_guest, Options.Create(new SshOptions()), _time).WaitAsync(FakeSsh.Target, _deadline.Token, cancellation ?? TestContext.Current.CancellationToken);

    private static async Task<Failure> FailureAsync(Task waiting) => (await Assert.ThrowsAsync<FailureException>(() => waiting)).Failure;
}
