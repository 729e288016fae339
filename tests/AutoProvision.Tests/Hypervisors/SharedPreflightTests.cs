using AutoProvision.Processes;

namespace AutoProvision.Hypervisors;

/// <summary>However many monitors ask, one look at the host is enough for a second.</summary>
public sealed class SharedPreflightTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly LibvirtHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Each look asks both once.
    private (int, int) Looks => (Count("version"), Count("net-info"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task One_look_is_for_all_who_ask_within_a_second_and_the_next_asker_gets_another()
    {
        var first = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Ask()));
        // A file that is made and removed shows in its directory's time.
        Directory.SetLastWriteTimeUtc(_host.Pool, DateTime.UnixEpoch);
        _host.Time.Advance(Second - TimeSpan.FromMilliseconds(1));
        var last = await Ask();

        Assert.All(first, report => Assert.Same(last, report));
        Assert.Equal((1, 1), Looks);
        Assert.Equal(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(_host.Pool));
        _host.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotSame(last, await Ask());
        Assert.Equal((2, 2), Looks);
        Assert.NotEqual(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(_host.Pool));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_libvirt_that_goes_is_noticed_after_a_second_and_so_is_its_return()
    {
        Assert.Empty(Codes(await Ask()));
        var version = FakeLibvirt.Answer("Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.22\n");

        _host.Libvirt.RefuseAt("version", "failed to connect to the hypervisor");
        _host.Time.Advance(Second);
        var codes = Codes(await Ask());
        _host.Libvirt.AnswerAt("version", (_, _) => version);
        Assert.Equal(codes, Codes(await Ask()));
        _host.Time.Advance(Second);

        Assert.NotEmpty(codes);
        Assert.Empty(Codes(await Ask()));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_look_that_takes_longer_than_a_second_is_waited_for_and_not_used_again()
    {
        var gate = new TaskCompletionSource<ProcessResult>();
        var reached = new TaskCompletionSource();
        _host.Libvirt.AnswerAt("version", (_, _) =>
        {
            reached.TrySetResult();
            return gate.Task;
        });

        var first = Ask();
        await reached.Task.WaitAsync(Cancellation);
        _host.Time.Advance(5 * Second);
        var second = Ask();
        gate.SetResult(new ProcessResult(0, "Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.22\n", ""));

        Assert.Same(await first, await second);
        Assert.NotSame(await first, await Ask());
    }

    [Fact(Timeout = 30_000)]
    public async Task One_who_leaves_does_not_end_the_look_of_the_others()
    {
        var gate = new TaskCompletionSource<ProcessResult>();
        var reached = new TaskCompletionSource<CancellationToken>();
        _host.Libvirt.AnswerAt("version", (_, cancellation) =>
        {
            reached.TrySetResult(cancellation);
            return gate.Task;
        });
        using var leaving = new CancellationTokenSource();

        var left = _host.Hypervisor.InspectAsync(leaving.Token);
        var command = await reached.Task.WaitAsync(Cancellation);
        var stayed = Ask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        gate.SetResult(new ProcessResult(0, "Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.22\n", ""));

        Assert.Empty(Codes(await stayed));
        Assert.False(command.IsCancellationRequested);
        Assert.Equal((1, 1), Looks);
    }

    private Task<HostReport> Ask() => _host.Hypervisor.InspectAsync(Cancellation);

    // Not what this machine has or lacks.
    private static List<string> Codes(HostReport report) => [.. report.Problems.Select(problem => problem.Code).Where(code => code != "tool_missing")];

    private int Count(string command) => _host.Libvirt.Ran.Count(name => name == command);
}
