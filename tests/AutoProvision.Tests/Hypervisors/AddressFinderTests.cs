using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Each of the three ways to an address, and that none of them hinders another.</summary>
public sealed class AddressFinderTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string Mac = "52:54:00:00:00:01";
    private const string Address = "192.0.2.7";
    private static readonly TimeSpan Interval = new LibvirtOptions().AddressPollInterval;
    private static readonly TimeSpan AgentEvery = TimeSpan.FromSeconds(3);
    private readonly LibvirtHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_lease_is_found_at_the_next_look()
    {
        var waiting = WaitAsync(Mac);
        await _host.Time.PassAsync(Interval);
        Assert.False(waiting.IsCompleted);

        _host.Libvirt.Leases[Mac] = Address;

        await _host.Time.PassUntilAsync(Interval, waiting, Address);
    }

    [Theory(Timeout = Limit)]
    [InlineData("error: failed to connect to the hypervisor")]
    [InlineData("error: failed to get network 'default'")]
    public async Task The_hosts_arp_table_will_do_even_while_libvirt_tells_no_leases(string error)
    {
        _host.Libvirt.RefuseAt("net-dhcp-leases", error);
        await EnterAsync(Address, Mac);

        await _host.Time.PassUntilAsync(Interval, WaitAsync(Mac), Address);
    }

    [Fact(Timeout = Limit)]
    public async Task An_address_in_the_arp_table_that_was_only_offered_is_not_taken()
    {
        await EnterAsync(Address, Mac);
        var waiting = WaitAsync(Mac);
        await _host.Time.PassAsync(Interval);
        Assert.False(waiting.IsCompleted);
        // dnsmasq offered it to two guests, and the other was quicker.
        _host.Libvirt.Leases[MacOf(1)] = Address;
        for (var looks = 0; looks < 100; looks++)
            await _host.Time.PassAsync(Interval);
        Assert.False(waiting.IsCompleted);

        _host.Libvirt.Leases[Mac] = "192.0.2.8";

        await _host.Time.PassUntilAsync(Interval, waiting, "192.0.2.8");
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_only_its_agent_knows_of_is_found()
    {
        var waiting = WaitAsync(Mac);
        await _host.Time.PassAsync(AgentEvery);

        _host.Libvirt.Agent = (_, _) => FakeLibvirt.Answer(FakeLibvirt.Table([new(Mac, Address)]));

        await _host.Time.PassUntilAsync(AgentEvery, waiting, Address);
    }

    [Fact(Timeout = Limit)]
    public async Task An_agent_that_hangs_delays_no_lease_and_ends_with_the_wait()
    {
        var (asked, left) = (new TaskCompletionSource<ProcessCommand>(), new TaskCompletionSource());
        _host.Libvirt.Agent = (command, cancellation) => HangAsync(asked, left, command, cancellation);
        var waiting = WaitAsync(Mac);
        await _host.Time.PassAsync(AgentEvery);
        Assert.Equal(TimeSpan.FromSeconds(5), (await asked.Task.WaitAsync(Cancellation)).Timeout);

        _host.Libvirt.Leases[Mac] = Address;

        await _host.Time.PassUntilAsync(Interval, waiting, Address);
        Assert.True(left.Task.IsCompleted);
    }

    [Fact(Timeout = Limit)]
    public async Task Agents_are_asked_one_at_a_time()
    {
        var (asking, most) = (0, 0);
        _host.Libvirt.Agent = async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref asking));
            await Task.Yield();
            Interlocked.Decrement(ref asking);
            return new ProcessResult(0, FakeLibvirt.Table(Enumerable.Range(0, 9).Select(n => KeyValuePair.Create(MacOf(n), Address))), "");
        };
        var waiting = Task.WhenAll(Enumerable.Range(0, 9).Select(n => WaitAsync(MacOf(n))));

        await _host.Time.PassAsync(AgentEvery);

        Assert.All(await waiting, address => Assert.Equal(Address, address));
        Assert.Equal(1, most);
    }

    [Fact(Timeout = Limit)]
    public async Task Many_waiters_share_each_look()
    {
        var look = new TaskCompletionSource<ProcessResult>();
        _host.Libvirt.AnswerAt("net-dhcp-leases", (_, _) => look.Task);
        var waiting = Enumerable.Range(0, 20).Select(n => WaitAsync(MacOf(n))).ToList();

        look.SetResult(new(0, FakeLibvirt.Table(Enumerable.Range(0, 20).Select(n => KeyValuePair.Create(MacOf(n), $"192.0.2.{n}"))), ""));

        Assert.Equal(Enumerable.Range(0, 20).Select(n => $"192.0.2.{n}"), await Task.WhenAll(waiting));
        Assert.Equal(["net-dhcp-leases"], _host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task Libvirt_may_be_gone_for_a_moment()
    {
        _host.Libvirt.RefuseAt("net-dhcp-leases", "failed to connect to the hypervisor");
        var waiting = WaitAsync(Mac);
        await _host.Time.PassAsync(Interval);
        Assert.False(waiting.IsCompleted);

        _host.Libvirt.AnswerAt("net-dhcp-leases", (_, _) => FakeLibvirt.Answer(FakeLibvirt.Table([new(Mac, Address)])));

        await _host.Time.PassUntilAsync(Interval, waiting, Address);
    }

    [Fact(Timeout = Limit)]
    public async Task Cancellation_ends_the_wait_and_what_it_runs()
    {
        var (asked, left) = (new TaskCompletionSource<ProcessCommand>(), new TaskCompletionSource());
        _host.Libvirt.Agent = (command, cancellation) => HangAsync(asked, left, command, cancellation);
        using var leaving = new CancellationTokenSource();
        var waiting = _host.Hypervisor.WaitForAddressAsync(Guid.NewGuid(), new Nic(Mac), leaving.Token);
        await _host.Time.PassAsync(AgentEvery);
        await asked.Task.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.True(left.Task.IsCompleted);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task EnterAsync(string address, string mac) => File.WriteAllTextAsync(
        _host.File("arp"), $"IP address HW type Flags HW address Mask Device\n{address} 0x1 0x2 {mac} * virbr0\n", Cancellation);

    private static string MacOf(int n) => $"52:54:00:00:01:{n:x2}";

    private static async Task<ProcessResult> HangAsync(
        TaskCompletionSource<ProcessCommand> asked, TaskCompletionSource left, ProcessCommand command, CancellationToken cancellation)
    {
        asked.TrySetResult(command);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        finally
        {
            left.TrySetResult();
        }
        throw new FailureException("tool_timeout", "never", "never");
    }

    private Task<string> WaitAsync(string mac) => _host.Hypervisor.WaitForAddressAsync(Guid.NewGuid(), new Nic(mac), Cancellation);
}
