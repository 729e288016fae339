using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>A guest that stood still has its clock set when it goes on; what it stood still for never fails by that.</summary>
public sealed class GuestClockTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();
    private readonly List<DateTimeOffset> _set = [];
    private readonly CancellationTokenSource _caller = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public GuestClockTests()
    {
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("web");
        _host.Libvirt.Domains[_id] = Domain with { Snapshots = Domain.Snapshots.Add("old", Domain) };
        _host.Libvirt.Agent = (command, _) =>
        {
            if (command.Arguments.Contains("--now"))
                _set.Add(_host.Time.GetUtcNow());
            return FakeLibvirt.Answer("Time: 1795490180");
        };
    }

    public static TheoryData<string, string> Obstacles => new MatrixTheoryData<string, string>(["snapshot", "restore", "resume"], ["none", "hangs", "caller gone"]);

    private FakeLibvirtDomain Domain => _host.Libvirt.Domains[_id];

    [Theory(Timeout = Limit)]
    [InlineData("snapshot", FakeLibvirtDomain.Running, true)]
    [InlineData("snapshot", FakeLibvirtDomain.Paused, false)]
    [InlineData("snapshot", FakeLibvirtDomain.Off, false)]
    [InlineData("resume", FakeLibvirtDomain.Paused, true)]
    [InlineData("resume", FakeLibvirtDomain.Running, false)]
    public async Task It_is_set_where_the_guest_stood_still_and_goes_on(string method, int state, bool isSet)
    {
        _host.Libvirt.Domains[_id] = Domain with { State = state };

        await RunAsync(method);

        Assert.Equal(isSet, _set.Count == 1);
    }

    [Theory(Timeout = Limit)]
    [InlineData(FakeLibvirtDomain.Running, true)]
    [InlineData(FakeLibvirtDomain.Paused, false)]
    [InlineData(FakeLibvirtDomain.Off, false)]
    public async Task It_is_set_where_a_restored_guest_runs(int state, bool isSet)
    {
        _host.Libvirt.Domains[_id] = Domain with { Snapshots = Domain.Snapshots.SetItem("old", Domain with { State = state }) };

        await RunAsync("restore");

        Assert.Equal(isSet, _set.Count == 1);
    }

    [Fact(Timeout = Limit)]
    public async Task A_snapshot_that_failed_made_it_stand_still_too()
    {
        _host.Libvirt.RefuseAt("snapshot-create-as", "operation failed: Failed to take snapshot");

        await Assert.ThrowsAsync<FailureException>(() => RunAsync("snapshot"));

        Assert.Single(_set);
    }

    /// <summary>virsh sends whole seconds: at any other moment the guest would be told one that began before.</summary>
    [Fact(Timeout = Limit)]
    public async Task It_is_set_as_a_second_begins()
    {
        _host.Time.Advance(TimeSpan.FromMilliseconds(300));

        var snapshot = RunAsync("snapshot");
        await _host.Time.PassAsync(TimeSpan.FromMilliseconds(700));
        await snapshot;

        Assert.Equal(0, Assert.Single(_set).Ticks % TimeSpan.TicksPerSecond);
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Obstacles))]
    public async Task What_keeps_it_from_being_set_fails_nothing(string method, string obstacle)
    {
        // A wait for the full second that nobody ends.
        _host.Time.Advance(TimeSpan.FromMilliseconds(1));
        _host.Libvirt.Domains[_id] = Domain with { State = method == "resume" ? FakeLibvirtDomain.Paused : FakeLibvirtDomain.Running };
        _host.Libvirt.Agent = async (_, cancellation) =>
        {
            if (obstacle == "hangs")
                throw new FailureException("tool_timeout", "virsh did not finish.", "Look at its log.");
            if (obstacle == "none")
                return await FakeLibvirt.Refused("Guest agent is not responding: QEMU guest agent is not connected");
            await _caller.CancelAsync();
            throw new OperationCanceledException(cancellation);
        };

        await RunAsync(method);

        Assert.Equal((1, FakeLibvirtDomain.Running), (_host.Libvirt.Ran.Count(name => name == "domtime"), Domain.State));
    }

    public ValueTask DisposeAsync()
    {
        _caller.Dispose();
        return _host.DisposeAsync();
    }

    private Task RunAsync(string method) => method switch
    {
        "snapshot" => _host.Control.CreateSnapshotAsync(_id, "one", _caller.Token),
        "restore" => _host.Control.RestoreSnapshotAsync(_id, "old", _caller.Token),
        _ => _host.Control.ResumeAsync(_id, _caller.Token),
    };
}
