using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Looks after a guest while something waits for it: one that panicked or switched itself off never answers, and need not be waited for.</summary>
public sealed class GuestWatch(IHypervisor hypervisor, HaltedGuests halted, TimeProvider time)
{
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Waits, unless the guest turns out to be dead.</summary>
    /// <exception cref="FailureException">What <see cref="IHypervisor.DiagnoseAsync"/> found, or the wait's own.</exception>
    public async Task WaitAsync(Guid id, Func<CancellationToken, Task> wait, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waiting = wait(over.Token);
        var watching = WatchAsync(id, over.Token);
        await Task.WhenAny(waiting, watching);
        await over.CancelAsync();
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var death = await watching;
        if (death is not null && !waiting.IsCompletedSuccessfully)
            // The console is added to every failure of a step.
            throw new FailureException(death with { Evidence = null });
        cancellation.ThrowIfCancellationRequested();
        await waiting;
    }

    /// <summary>What the guest died of; null when it was no longer waited for.</summary>
    private async Task<Failure?> WatchAsync(Guid id, CancellationToken over)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, over);
                if (await DiagnoseAsync(id, over) is { } death)
                    return death;
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    // A look that fails says nothing about the guest.
    private async Task<Failure?> DiagnoseAsync(Guid id, CancellationToken over)
    {
        try
        {
            await halted.SwitchOffAsync(id, over);
            return await hypervisor.DiagnoseAsync(id, over);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }
}
