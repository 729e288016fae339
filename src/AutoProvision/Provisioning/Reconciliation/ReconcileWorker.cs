using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// Runs the reconciliation at start and every <see cref="ProvisioningOptions.ReconcileInterval"/>, whatever befalls a round, and
/// before that when the bell is rung.
/// </summary>
public sealed partial class ReconcileWorker(
    Reconciler reconciler, RoundBell bell, SideJobs jobs, IOptions<ProvisioningOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ReconcileWorker> logger) : BackgroundService
{
    /// <summary>From the bell to the round, so that what comes in a burst is seen as it is after it.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    // A round may bring about what rings the bell again, such as with a guest whose disk is full once more as soon as it goes on. Rounds
    // that come one after the other take their time: twice as long each, up to this.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private TimeSpan _pause = ShortestPause;
    private long? _lastRung;
    private string? _trouble;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A Ctrl-C reaches the tools of a round as well, before this service comes to end its parts.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            while (true)
            {
                // What happens from here on may be too late for this round, and is for the next one.
                bell.Silence();
                await RestAsync(await TryRoundAsync(stopping.Token), stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The only end there is.
        }
        finally
        {
            await jobs.EndAsync();
        }
    }

    private async Task RestAsync(TimeSpan? again, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var inTurn = Task.Delay(options.Value.ReconcileInterval, time, over.Token);
        var rung = bell.RungAsync(over.Token);
        var first = await Task.WhenAny(inTurn, rung, Task.Delay(again ?? Timeout.InfiniteTimeSpan, time, over.Token));
        if (first == rung && !stopping.IsCancellationRequested)
        {
            _pause = _lastRung is { } last && time.GetElapsedTime(last) <= LongestPause ? TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, LongestPause.Ticks)) : ShortestPause;
            await Task.WhenAny(inTurn, Task.Delay(_pause, time, over.Token));
            _lastRung = time.GetTimestamp();
        }
        await over.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    // The same trouble is logged once until it is over.
    private async Task<TimeSpan?> TryRoundAsync(CancellationToken stopping)
    {
        try
        {
            var again = await reconciler.RunAsync(stopping);
            if (_trouble is not null)
                LogBack();
            _trouble = null;
            return again;
        }
        catch (Exception e)
        {
            stopping.ThrowIfCancellationRequested();
            var (last, failure) = (_trouble, (e as FailureException)?.Failure);
            _trouble = failure?.Code ?? e.GetType().Name;
            if (_trouble != last)
                LogFailed(failure is null ? e : null, failure?.Cause ?? e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The VMs cannot be compared with the hypervisor's domains; tried again, and not logged again until it works: {Cause}")]
    private partial void LogFailed(Exception? e, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The VMs are compared with the hypervisor's domains again")]
    private partial void LogBack();
}
