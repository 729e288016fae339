using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>A hypervisor that is restarted under a job is waited for: nothing has failed because of that.</summary>
public sealed class Outages(VmStore store, TimeProvider time)
{
    public static TimeSpan RetryInterval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Does a VM's work, over and over while the hypervisor does not answer.</summary>
    /// <param name="id">The VM, which is told once.</param>
    /// <param name="work">What to do; the next try takes over what the one before has half done.</param>
    /// <param name="cancellation">Ends the tries.</param>
    /// <exception cref="OperationCanceledException">Where the hypervisor was waited for until then, its failure is the inner exception.</exception>
    public async Task RideOutAsync(Guid id, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        if (await TryAsync(work, cancellation) is not { } outage)
            return;
        store.Report(id, new VmEvent
        {
            Type = VmEventType.Progress,
            Step = store.Find(id)!.Step,
            Message = $"{outage.Failure.Cause} It is waited for.",
            Failure = outage.Failure,
        });
        try
        {
            do
                await Task.Delay(RetryInterval, time, cancellation);
            while (await TryAsync(work, cancellation) is not null);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, outage, cancellation);
        }
    }

    private static async Task<FailureException?> TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            await work(cancellation);
            return null;
        }
        catch (FailureException e) when (e.Code == HypervisorFailures.Unavailable)
        {
            cancellation.ThrowIfCancellationRequested();
            return e;
        }
    }
}
