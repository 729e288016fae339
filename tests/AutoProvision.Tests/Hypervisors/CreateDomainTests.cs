using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>A domain is made once, also where libvirt went meanwhile, and virt-install is not believed without a look.</summary>
public sealed class CreateDomainTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string Lost = "ERROR    End of file while reading data: Input/output error\nDomain installation does not appear to have been successful.";
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task It_runs_then_and_has_a_console_log()
    {
        await CreateAsync();

        Assert.Equal(new DomainInfo(_id, "web", DomainPower.Running) { Run = 5 }, await _host.Hypervisor.FindDomainAsync("web", Cancellation));
        Assert.Equal("640", LibvirtHost.Mode(Path.Combine(_host.Pool, $"{_id}.console.log")));
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_virt_install_that_says_all_is_well_is_not_believed_without_a_look(bool defines)
    {
        _host.Libvirt.AnswerAt("virt-install", (_, _) =>
        {
            if (defines)
                _host.Libvirt.Domains[_id] = Ours with { State = FakeLibvirtDomain.Off };
            return FakeLibvirt.Answer("lorem ipsum\n");
        });

        var failure = await Assert.ThrowsAsync<FailureException>(CreateAsync);

        Assert.Equal(("domain_not_started", "lorem ipsum"), (failure.Code, failure.Failure.Evidence));
    }

    [Theory(Timeout = Limit)]
    [InlineData(null, 120)]
    [InlineData(7, 7)]
    [InlineData(300, 300)]
    public async Task A_limit_of_the_VMs_own_holds_for_virt_install(int? own, int expected)
    {
        TimeSpan? given = null;
        _host.Libvirt.Watch = command => given = command.FileName == "virt-install" ? command.Timeout : given;

        await _host.Hypervisor.CreateDomainAsync(Spec with { Limit = own is { } seconds ? TimeSpan.FromSeconds(seconds) : null }, Cancellation);

        Assert.Equal(TimeSpan.FromSeconds(expected), given);
    }

    [Theory(Timeout = Limit)]
    [InlineData(Lost, "hypervisor_unavailable")]
    [InlineData("ERROR    internal error: process exited: qemu-system-x86_64: No space left on device", "disk_full")]
    [InlineData("ERROR    Guest name 'web' is already in use.", "hypervisor_refused")]
    public async Task What_virt_install_fails_for_is_told(string error, string code)
    {
        _host.Libvirt.RefuseAt("virt-install", error);

        var failure = await Assert.ThrowsAsync<FailureException>(CreateAsync);

        Assert.Equal(code, failure.Code);
        Assert.Contains(error, failure.Failure.Evidence, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_domain_that_libvirt_started_before_it_went_is_taken_over_and_outlives_its_power(bool isPersistent)
    {
        _host.Libvirt.AnswerAt("virt-install", (_, _) =>
        {
            _host.Libvirt.Domains[_id] = Ours with { IsPersistent = isPersistent };
            return FakeLibvirt.Refused(Lost);
        });
        Assert.Equal("hypervisor_unavailable", (await Assert.ThrowsAsync<FailureException>(CreateAsync)).Code);

        await CreateAsync();

        Assert.Equal(Ours, _host.Libvirt.Domains[_id]);
        Assert.Single(_host.Libvirt.Ran, "virt-install");
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_was_only_defined_is_made_anew()
    {
        _host.Libvirt.Domains[_id] = Ours with { State = FakeLibvirtDomain.Off };

        await CreateAsync();

        Assert.Equal(Ours, _host.Libvirt.Domains[_id]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_starts_after_its_virt_install_was_killed_and_it_was_looked_for_goes_with_its_disk()
    {
        _host.Libvirt.AnswerAt("virt-install", (_, _) => throw new FailureException("tool_timeout", "virt-install did not finish.", "Look at libvirt's log."));
        Assert.Equal("tool_timeout", (await Assert.ThrowsAsync<FailureException>(CreateAsync)).Code);
        await File.WriteAllTextAsync(Ours.Disk!, "", Cancellation);
        await RemoveAsync();
        Assert.True(File.Exists(Ours.Disk));

        // libvirt comes to it only now.
        _host.Libvirt.Domains[_id] = Ours with { IsPersistent = false };
        await _host.Hypervisor.RemoveDiskAsync(_id, Cancellation);

        Assert.Empty(_host.Libvirt.Domains.Ids);
        Assert.False(File.Exists(Ours.Disk));
    }

    [Fact(Timeout = Limit)]
    public async Task A_disk_goes_without_libvirt_where_no_domain_can_come_late()
    {
        await CreateAsync();
        await File.WriteAllTextAsync(Ours.Disk!, "", Cancellation);
        await RemoveAsync();
        var before = _host.Libvirt.Ran.Count;

        await _host.Hypervisor.RemoveDiskAsync(_id, Cancellation);

        Assert.False(File.Exists(Ours.Disk));
        Assert.Equal(before, _host.Libvirt.Ran.Count);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Removing_ends_a_domain_that_would_stay_and_one_that_would_not(bool isPersistent)
    {
        _host.Libvirt.Domains[_id] = Ours with { IsPersistent = isPersistent };

        await RemoveAsync();

        Assert.Empty(_host.Libvirt.Domains.Ids);
    }

    [Fact(Timeout = Limit)]
    public async Task Removing_takes_what_virtlogd_put_aside_of_the_console_log_along()
    {
        await CreateAsync();
        foreach (var number in Enumerable.Range(0, 3))
            await File.WriteAllTextAsync(Path.Combine(_host.Pool, $"{_id}.console.log.{number}"), "", Cancellation);

        await RemoveAsync();

        Assert.Empty(Directory.GetFiles(_host.Pool));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private FakeLibvirtDomain Ours => FakeLibvirtDomain.Ours(_id, "web", Path.Combine(_host.Pool, $"{_id}.qcow2"));

    private DomainSpec Spec => new(_id, "web", 1, 96, [new Nic("52:54:00:00:00:01")], []);

    private Task CreateAsync() => _host.Hypervisor.CreateDomainAsync(Spec, Cancellation);

    private Task RemoveAsync() => _host.Hypervisor.RemoveDomainAsync(_id, [new Nic("52:54:00:00:00:01")], Cancellation);
}
