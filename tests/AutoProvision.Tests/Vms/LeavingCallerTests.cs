using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>Callers who leave while their command runs: it is ended, and they are not waited for until it has.</summary>
public sealed class LeavingCallerTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task They_do_not_wait_for_its_end_which_is_seen_to_all_the_same(bool isStream, bool mayStillRun)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        var (begun, asked, ended) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        host.Guests.Streams["hang"] = async (request, sink, cancellation) =>
        {
            sink.Started(4711);
            sink.Stdout(new byte[1000]);
            begun.SetResult();
            await using var asking = cancellation.Register(asked.SetResult);
            // As a guest that takes its time.
            await ended.Task;
            sink.Stdout(new byte[1000]);
            throw new ExecLeftException(mayStillRun, cancellation);
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var guests = app.Get<GuestService>();
        var request = new ExecRequest("hang") { Stdin = new byte[10] };
        var running = isStream ? ReadAsync(guests.StreamAsync(Id(vm), request, leaving.Token)) : guests.ExecAsync(Id(vm), request, leaving.Token);
        await begun.Task;

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await asked.Task;
        // What it holds is given back when it has ended, and the end of the service waits for that.
        Assert.NotEqual(0, app.Get<ExecMemory>().Held);
        var stopping = guests.DisposeAsync().AsTask();
        Assert.False(stopping.IsCompleted);
        ended.SetResult();
        await stopping;
        Assert.Equal(0, app.Get<ExecMemory>().Held);
        Assert.Equal(mayStillRun, host.Log.Troubles.Any(line => line.Contains("may still run", StringComparison.Ordinal)));
    }

    private static string Id(string vm) => vm["/vms/".Length..];

    private static async Task ReadAsync(IAsyncEnumerable<ExecEvent> events)
    {
        await foreach (var _ in events)
        {
        }
    }
}
