using System.Collections.Concurrent;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// What a round of the reconciliation begins and does not wait for, one at a time for each VM, since it may take long and must not
/// hold up the other VMs. A DELETE ends it first, as it ends any job.
/// </summary>
public sealed partial class SideJobs(RunningJobs running, VmStore store, RoundBell bell, ILogger<SideJobs> logger)
{
    private readonly ConcurrentDictionary<Guid, Task> _jobs = new();

    /// <summary>Begins the work, unless the VM's last is still under way.</summary>
    /// <param name="vm">The VM as the round found it.</param>
    /// <param name="work">Says whether a round before its turn may get further.</param>
    /// <param name="stopping">Ends it.</param>
    public void Start(Vm vm, Func<CancellationToken, Task<bool>> work, CancellationToken stopping)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_jobs.TryAdd(vm.Id, ended.Task))
            _ = Task.Run(async () =>
            {
                var again = await RunAsync(vm, work, stopping);
                _jobs.TryRemove(vm.Id, out _);
                ended.SetResult();
                // Not before: the round would find the work still under way.
                if (again)
                    bell.RingFor(vm.Id);
            }, CancellationToken.None);
    }

    /// <summary>Ends when all that was begun has; never fails.</summary>
    public Task EndAsync() => Task.WhenAll(_jobs.Values);

    private async Task<bool> RunAsync(Vm vm, Func<CancellationToken, Task<bool>> work, CancellationToken stopping)
    {
        var again = false;
        try
        {
            // Looked at once a DELETE would find this job: one that came before has changed the state. An operation does its own work, and this is for the round after it.
            await running.RunAsync(vm.Id, async cancellation => again = store.Find(vm.Id) is { } now && now.State == vm.State && (now.Operation is not null || await work(cancellation)), stopping);
        }
        catch (OperationCanceledException)
        {
            // Deleted or stopping.
        }
        catch (Exception e)
        {
            LogFailed(e, vm.Id, vm.Spec.Name);
        }
        return again;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} ({Name}) could not be reconciled; the next round tries again")]
    private partial void LogFailed(Exception e, Guid id, string name);
}
