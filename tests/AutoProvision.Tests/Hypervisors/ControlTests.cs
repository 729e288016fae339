using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Power, sizes and snapshots: doing it again is no error, and a domain that is gone is told from a refusal.</summary>
public sealed class ControlTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private static readonly BaseImage Image = new("base", "/base.qcow2", "qcow2", 1, "debian");
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    public ControlTests() => _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FakeLibvirtDomain Domain => _host.Libvirt.Domains[_id];

    private string Disk => Path.Combine(_host.Pool, $"{_id}.qcow2");

    public static TheoryData<string> Methods => [.. All.Keys];

    private static Dictionary<string, Func<IDomainControl, Guid, Task>> All => new()
    {
        ["start"] = (control, id) => control.StartAsync(id, Cancellation),
        ["ask"] = (control, id) => control.AskToShutDownAsync(id, Cancellation),
        ["off"] = (control, id) => control.SwitchOffAsync(id, Cancellation),
        ["pause"] = (control, id) => control.PauseAsync(id, Cancellation),
        ["resume"] = (control, id) => control.ResumeAsync(id, Cancellation),
        ["resize"] = (control, id) => control.ResizeAsync(id, new VmSize(1, 512, 10), Cancellation),
        ["snapshot"] = (control, id) => control.CreateSnapshotAsync(id, "one", Cancellation),
        ["restore"] = (control, id) => control.RestoreSnapshotAsync(id, "one", Cancellation),
        ["remove"] = (control, id) => control.RemoveSnapshotAsync(id, "one", Cancellation),
    };

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Methods))]
    public async Task A_domain_that_is_gone_is_missing(string method)
    {
        _host.Libvirt.Domains.Remove(_id);

        Assert.Equal("domain_missing", (await Assert.ThrowsAsync<FailureException>(() => All[method](_host.Control, _id))).Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData("start", FakeLibvirtDomain.Off, FakeLibvirtDomain.Running)]
    [InlineData("start", FakeLibvirtDomain.Running, FakeLibvirtDomain.Running)]
    [InlineData("start", FakeLibvirtDomain.Paused, FakeLibvirtDomain.Paused)]
    [InlineData("ask", FakeLibvirtDomain.Running, FakeLibvirtDomain.Off)]
    [InlineData("ask", FakeLibvirtDomain.Off, FakeLibvirtDomain.Off)]
    [InlineData("off", FakeLibvirtDomain.Running, FakeLibvirtDomain.Off)]
    [InlineData("off", FakeLibvirtDomain.Off, FakeLibvirtDomain.Off)]
    [InlineData("pause", FakeLibvirtDomain.Running, FakeLibvirtDomain.Paused)]
    [InlineData("pause", FakeLibvirtDomain.Paused, FakeLibvirtDomain.Paused)]
    [InlineData("resume", FakeLibvirtDomain.Paused, FakeLibvirtDomain.Running)]
    [InlineData("resume", FakeLibvirtDomain.Running, FakeLibvirtDomain.Running)]
    public async Task Power_goes_where_it_is_sent_and_stays_there(string method, int from, int to)
    {
        _host.Libvirt.Domains[_id] = Domain with { State = from };

        await All[method](_host.Control, _id);
        await All[method](_host.Control, _id);

        Assert.Equal(to, Domain.State);
    }

    [Theory(Timeout = Limit)]
    [InlineData("error: Failed to open file: No space left on device", "disk_full")]
    [InlineData("error: failed to connect to the hypervisor", "hypervisor_unavailable")]
    [InlineData("error: unsupported configuration", "hypervisor_refused")]
    public async Task What_a_start_fails_for_is_told(string error, string code)
    {
        _host.Libvirt.RefuseAt("start", error);

        Assert.Equal(code, (await Assert.ThrowsAsync<FailureException>(() => _host.Control.StartAsync(_id, Cancellation))).Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData(4, 4096)]
    [InlineData(1, 256)]
    public async Task Sizes_change_either_way_and_the_disk_grows(int cpus, int memoryMiB)
    {
        await SwitchOffWithDiskAsync();

        await _host.Control.ResizeAsync(_id, new VmSize(cpus, memoryMiB, 20), Cancellation);
        await _host.Control.ResizeAsync(_id, new VmSize(cpus, memoryMiB, 20), Cancellation);

        Assert.Equal((cpus, cpus, memoryMiB, memoryMiB), (Domain.Cpus, Domain.MaxCpus, Domain.MemoryMiB, Domain.MaxMemoryMiB));
        Assert.Equal(20L << 30, FakeDisks.Read(Disk).Size);
        Assert.Single(Resizes);
    }

    [Theory(Timeout = Limit)]
    [InlineData(FakeLibvirtDomain.Running, 20)]
    [InlineData(FakeLibvirtDomain.Paused, 20)]
    [InlineData(FakeLibvirtDomain.Off, 5)]
    public async Task A_domain_that_runs_or_a_disk_that_would_shrink_changes_nothing(int state, int diskGiB)
    {
        await SwitchOffWithDiskAsync();
        _host.Libvirt.Domains[_id] = Domain with { State = state };

        var failure = await Assert.ThrowsAsync<FailureException>(() => _host.Control.ResizeAsync(_id, new VmSize(4, 4096, diskGiB), Cancellation));

        Assert.Equal("hypervisor_refused", failure.Code);
        Assert.Equal((2, 1024, 10L << 30), (Domain.Cpus, Domain.MemoryMiB, FakeDisks.Read(Disk).Size));
    }

    [Theory(Timeout = Limit)]
    [InlineData(FakeLibvirtDomain.Off)]
    [InlineData(FakeLibvirtDomain.Running)]
    public async Task A_snapshot_brings_back_power_and_sizes_and_stays_until_it_is_removed(int state)
    {
        _host.Libvirt.Domains[_id] = Domain with { State = state };
        await _host.Control.CreateSnapshotAsync(_id, "one", Cancellation);
        _host.Libvirt.Domains[_id] = Domain with { State = FakeLibvirtDomain.Paused, Cpus = 7 };

        await _host.Control.RestoreSnapshotAsync(_id, "one", Cancellation);

        Assert.Equal((state, 2), (Domain.State, Domain.Cpus));
        await _host.Control.RemoveSnapshotAsync(_id, "one", Cancellation);
        await _host.Control.RemoveSnapshotAsync(_id, "one", Cancellation);
        Assert.Empty(Domain.Snapshots);
    }

    [Fact(Timeout = Limit)]
    public async Task What_an_attempt_that_was_cut_off_left_is_replaced_in_every_disk()
    {
        await SwitchOffWithDiskAsync();
        await _host.Hypervisor.CreateDataDiskAsync(_id, 0, 1, Cancellation);
        var data = Path.Combine(_host.Pool, $"{_id}.data0.qcow2");
        _host.Libvirt.Domains[_id] = Domain with { Snapshots = Domain.Snapshots.Add("one", Domain with { Cpus = 7 }) };
        await FakeDisks.Write(Disk, FakeDisks.Read(Disk) with { Snapshots = ["one", "other", "one"] });
        await FakeDisks.Write(data, FakeDisks.Read(data) with { Snapshots = ["one"] });

        await _host.Control.CreateSnapshotAsync(_id, "one", Cancellation);

        Assert.Equal(2, Domain.Snapshots["one"].Cpus);
        Assert.Equal(["other"], FakeDisks.Read(Disk).Snapshots);
        Assert.Empty(FakeDisks.Read(data).Snapshots);
    }

    [Fact(Timeout = Limit)]
    public async Task A_snapshot_that_is_not_there_cannot_be_restored() =>
        Assert.Equal("hypervisor_refused", (await Assert.ThrowsAsync<FailureException>(() => _host.Control.RestoreSnapshotAsync(_id, "none", Cancellation))).Code);

    [Fact(Timeout = Limit)]
    public async Task Snapshots_have_a_time_of_their_own()
    {
        var times = new List<TimeSpan>();
        _host.Libvirt.Watch = command => times.AddRange(command.Arguments.Any(argument => argument.StartsWith("snapshot-", StringComparison.Ordinal)) ? [command.Timeout] : []);

        await _host.Control.CreateSnapshotAsync(_id, "one", Cancellation);

        Assert.Equal([TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)], times);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private List<string> Resizes { get; } = [];

    private async Task SwitchOffWithDiskAsync()
    {
        _host.Libvirt.Domains[_id] = Domain with { State = FakeLibvirtDomain.Off };
        await _host.Hypervisor.CreateDiskAsync(_id, Image, 10, Cancellation);
        _host.Libvirt.Watch = command => Resizes.AddRange(command.Arguments[0] == "resize" ? ["resize"] : []);
    }
}
