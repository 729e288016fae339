using System.Diagnostics;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Asks <c>/healthz</c> all the while on a connection of its own, as an orchestrator does, and on a thread of its own, which waits for nobody else here.</summary>
internal sealed class HealthProbe : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _end = new();
    private readonly List<TimeSpan> _took = [];
    private readonly Task _asking;

    public HealthProbe(Func<Uri> service) =>
        _asking = Task.Factory.StartNew(() => Ask(service), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>How often it was not answered with 200.</summary>
    public int Failures { get; private set; }

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _asking;
    }

    public void Print()
    {
        var sorted = _took.Order().ToList();
        if (sorted.Count > 0)
            Figure.Print("fuzz: /healthz beside it, p50 / p99 / max", $"{Milliseconds(sorted[sorted.Count / 2])} / {Milliseconds(sorted[sorted.Count * 99 / 100])} / {Milliseconds(sorted[^1])} ms of {sorted.Count}, {Failures} failed");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.0}";

    private void Ask(Func<Uri> service)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        do
        {
            try
            {
                var watch = Stopwatch.StartNew();
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(service(), "/healthz"));
                using var answer = http.Send(request, CancellationToken.None);
                _took.Add(watch.Elapsed);
                Failures += answer.IsSuccessStatusCode ? 0 : 1;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                Failures++;
            }
        }
        while (!_end.Token.WaitHandle.WaitOne(Interval));
    }
}
