using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>A guest that will never answer is told from one that is slow.</summary>
public sealed class DiagnosisTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string Panic = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)";
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_panic_is_told_in_the_kernels_own_words_and_no_process_is_started()
    {
        await ConsoleAsync($"Linux version 6.1\r\n[    1.10] {Panic}\r\n[    1.11] CPU: 0 PID: 1 Comm: swapper/0\r\n[    1.12] ---[ end {Panic} ]---\r\n");

        var failure = await DiagnoseAsync();

        Assert.Equal(("guest_panicked", Panic), (failure?.Code, failure?.Cause));
        Assert.EndsWith("]---", failure?.Evidence?.Trim(), StringComparison.Ordinal);
        Assert.Empty(_host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_started_again_after_its_panic_may_still_come_up()
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web");
        await ConsoleAsync($"[    1.10] {Panic}\n[   11.2] Rebooting in 10 seconds..\n[    0.00] Linux version 6.1\n");

        Assert.Null(await DiagnoseAsync());
    }

    [Theory(Timeout = Limit)]
    [InlineData(1, 1, null)]
    [InlineData(3, 5, null)]
    [InlineData(5, 1, "guest_stopped")]
    [InlineData(6, 1, "guest_stopped")]
    public async Task A_domain_that_does_not_run_never_answers(int state, int reason, string? code)
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web", state, reason);
        await ConsoleAsync("reboot: Power down\n");

        var failure = await DiagnoseAsync();

        Assert.Equal(code, failure?.Code);
        Assert.Equal(code is null ? null : "reboot: Power down\n", failure?.Evidence);
        Assert.Equal(["domstats"], _host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_is_gone_is_missing() => Assert.Equal("domain_missing", (await DiagnoseAsync())?.Code);

    [Theory(Timeout = Limit)]
    [InlineData("error: failed to connect to the hypervisor", "hypervisor_unavailable")]
    [InlineData("error: failed to get domain 'x'", "hypervisor_refused")]
    public async Task A_libvirt_that_cannot_tell_has_not_said_that_the_domain_is_gone(string error, string code)
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web");
        _host.Libvirt.RefuseAt("domstats", error);

        Assert.Equal(code, (await Assert.ThrowsAsync<FailureException>(DiagnoseAsync)).Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("running\n")]
    public async Task Rubbish_is_noticed(string output)
    {
        _host.Libvirt.AnswerAt("domstats", (_, _) => FakeLibvirt.Answer(output));

        Assert.Equal("hypervisor_garbled", (await Assert.ThrowsAsync<FailureException>(DiagnoseAsync)).Code);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<Failure?> DiagnoseAsync() => _host.Hypervisor.DiagnoseAsync(_id, Cancellation);

    private async Task ConsoleAsync(string text)
    {
        Directory.CreateDirectory(_host.Pool);
        await File.WriteAllTextAsync(Path.Combine(_host.Pool, $"{_id}.console.log"), text, Cancellation);
    }
}
