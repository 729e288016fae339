using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Which domains there are, and that nothing but virsh's own answer is taken for one.</summary>
public sealed class DomainListTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Every_domain_is_listed_with_its_power()
    {
        var paused = Guid.NewGuid();
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web", FakeLibvirtDomain.Off);
        _host.Libvirt.Domains[paused] = new FakeLibvirtDomain("db", FakeLibvirtDomain.Paused, FakeLibvirtDomain.IoError);

        var listed = await _host.Hypervisor.ListDomainsAsync(Cancellation);

        Assert.Equal([new(paused, "db", DomainPower.PausedByDisk) { Run = 5 }, new(_id, "web", DomainPower.Stopped)], listed.OrderBy(domain => domain.Name));
        Assert.Equal(["list", "domstats"], _host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task No_domains_are_an_answer() => Assert.Empty(await _host.Hypervisor.ListDomainsAsync(Cancellation));

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_goes_between_the_two_looks_is_not_there_and_one_that_is_renamed_is()
    {
        var gone = Guid.NewGuid();
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("before", FakeLibvirtDomain.Off);
        _host.Libvirt.Domains[gone] = new FakeLibvirtDomain("gone");
        _host.Libvirt.Watch = _ =>
        {
            if (_host.Libvirt.Ran.Contains("domstats"))
            {
                _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("after", FakeLibvirtDomain.Off);
                _host.Libvirt.Domains.Remove(gone);
            }
        };

        Assert.Equal([new DomainInfo(_id, "before", DomainPower.Stopped)], await _host.Hypervisor.ListDomainsAsync(Cancellation));
    }

    [Theory(Timeout = Limit)]
    [InlineData("web", true)]
    [InlineData("we", false)]
    public async Task A_domain_is_found_by_its_whole_name(string name, bool found)
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web", FakeLibvirtDomain.Off);

        Assert.Equal(found ? new DomainInfo(_id, "web", DomainPower.Stopped) : null, await _host.Hypervisor.FindDomainAsync(name, Cancellation));
    }

    [Theory(Timeout = Limit)]
    [InlineData("list", "")]
    [InlineData("list", "lorem ipsum\n")]
    [InlineData("list", "answer:lorem ipsum\n")]
    [InlineData("domstats", "")]
    [InlineData("domstats", "answer:lorem ipsum\n")]
    public async Task A_tool_that_prints_rubbish_and_says_that_all_is_well_is_noticed(string command, string output)
    {
        _host.Libvirt.AnswerAt(command, (_, _) => FakeLibvirt.Answer(output));

        Assert.Equal("hypervisor_garbled", await CodeAsync(() => _host.Hypervisor.ListDomainsAsync(Cancellation)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("lorem ipsum\n")]
    public async Task A_domain_is_not_gone_because_the_list_is_rubbish(string output)
    {
        _host.Libvirt.AnswerAt("list", (_, _) => FakeLibvirt.Answer(output));

        Assert.Equal("hypervisor_garbled", await CodeAsync(() => _host.Hypervisor.RemoveDomainAsync(_id, [new Nic("52:54:00:00:00:01")], Cancellation)));
    }

    [Theory(Timeout = Limit)]
    [InlineData(FakeLibvirtDomain.Paused, FakeLibvirtDomain.Running)]
    [InlineData(FakeLibvirtDomain.Running, FakeLibvirtDomain.Running)]
    public async Task A_paused_guest_goes_on(int before, int after)
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web", before);

        await _host.Control.ResumeAsync(_id, Cancellation);

        Assert.Equal(after, _host.Libvirt.Domains[_id].State);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_is_off_cannot_go_on()
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web", FakeLibvirtDomain.Off);

        Assert.Equal("hypervisor_refused", await CodeAsync(() => _host.Control.ResumeAsync(_id, Cancellation)));
    }

    [Theory]
    // As virsh 9.0 and virt-install 4.1 said them while their libvirtd was killed, stopped or started again.
    [InlineData("error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory")]
    [InlineData("error: failed to connect to the hypervisor\nerror: Cannot recv data: Connection reset by peer")]
    [InlineData("error: Disconnected from qemu:///system due to end of file\nerror: Failed to list domains\nerror: Cannot recv data: Connection reset by peer")]
    [InlineData("error: Disconnected from qemu:///system due to end of file\nerror: Failed to reconnect to the hypervisor\nerror: failed to get domain 'x'")]
    [InlineData("error: Cannot write data: Broken pipe")]
    [InlineData("error: internal error: client socket is closed")]
    [InlineData("error: internal error: received hangup event on socket")]
    [InlineData("error: internal error: connection closed due to keepalive timeout")]
    [InlineData("error: unable to connect to server at 'host:16509': Connection refused")]
    [InlineData("ERROR    internal error: client socket is closed")]
    [InlineData("ERROR    End of file while reading data: Input/output error\nDomain installation does not appear to have been successful.")]
    public void A_daemon_that_went_is_known_by_any_clients_words(string error) => Assert.Equal("hypervisor_unavailable",
        Assert.Throws<FailureException>(() => ConnectionTroubles.ThrowIfDisconnected(new ProcessResult(1, "", error), "qemu:///system")).Code);

    [Theory]
    [InlineData(1, "error: failed to get domain 'x'")]
    [InlineData(1, "error: internal error: End of file from qemu monitor")]
    [InlineData(1, "error: Unable to read from monitor: Connection reset by peer")]
    [InlineData(1, "error: Unable to write to monitor: Broken pipe")]
    [InlineData(1, "error: Failed to get \"write\" lock")]
    [InlineData(0, "error: Disconnected from qemu:///system due to end of file\nerror: Reconnected to the hypervisor")]
    public void What_libvirt_refuses_or_a_QEMU_that_died_is_none(int exitCode, string error) =>
        Assert.Null(Record.Exception(() => ConnectionTroubles.ThrowIfDisconnected(new ProcessResult(exitCode, "", error), "qemu:///system")));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static async Task<string> CodeAsync(Func<Task> act) => (await Assert.ThrowsAsync<FailureException>(act)).Code;
}
