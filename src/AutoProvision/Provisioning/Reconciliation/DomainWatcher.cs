using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// Has the reconciliation do a round as soon as something happens to a VM's domain. That is all it does: what it misses, while
/// the hypervisor is restarted or for any other reason, the next round finds.
/// </summary>
public sealed partial class DomainWatcher(
    IDomainEvents events, VmStore store, RoundBell bell, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<DomainWatcher> logger) : BackgroundService
{
    public static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private bool _isBlind;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A Ctrl-C reaches the watching program as well, before this service comes to end its parts.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            for (var wait = ShortestWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
            {
                var started = time.GetTimestamp();
                var trouble = await TryAsync(stopping.Token);
                // One that held for a while is a new trouble, and not the last one's next try.
                if (time.GetElapsedTime(started) > LongestWait)
                    wait = ShortestWait;
                await Task.Delay(wait, time, stopping.Token);
                // Not before: where the service is to end, that may have reached the watching program first.
                Tell(trouble);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The only end there is.
        }
    }

    private async Task<Exception> TryAsync(CancellationToken stopping)
    {
        try
        {
            await events.WatchAsync(Begin, Heed, stopping);
            return new InvalidOperationException("The watch ended by itself.");
        }
        catch (Exception e)
        {
            stopping.ThrowIfCancellationRequested();
            return e;
        }
    }

    // The same trouble is logged once until it is over.
    private void Tell(Exception trouble)
    {
        var failure = (trouble as FailureException)?.Failure;
        if (!_isBlind)
            LogBlind(failure is null ? trouble : null, failure is null ? trouble.Message : $"{failure.Cause} {failure.Evidence}".TrimEnd());
        _isBlind = true;
    }

    private void Begin()
    {
        if (_isBlind)
            LogBack();
        _isBlind = false;
        bell.Ring();
    }

    // Others' domains are none of our business, and what is being removed is no more. What is worked on changes by our own doing, but
    // somebody else may have had a hand in it.
    private void Heed(string domain)
    {
        if (store.FindByName(domain) is { State: VmState.Provisioning or VmState.Ready or VmState.Degraded or VmState.Stopped or VmState.Unreachable } vm)
            bell.RingFor(vm.Id);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Domains cannot be watched, so that what others do to them is only noticed when they are next compared; tried again, and not logged again until it works: {Cause}")]
    private partial void LogBlind(Exception? e, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Domains are watched again")]
    private partial void LogBack();
}
