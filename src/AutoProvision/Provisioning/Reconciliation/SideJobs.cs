using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// What a round of the reconciliation begins and does not wait for, one at a time for each VM, since it may take long and must not
/// hold up the other VMs. A DELETE ends it first, as it ends any job.
/// </summary>
public sealed partial class SideJobs(RunningJobs running, VmStore store, ILogger<SideJobs> logger)
{
    private readonly Dictionary<Guid, Task> _jobs = [];

    /// <summary>Begins the work, unless the VM's last is still under way; called by one round at a time.</summary>
    public void Start(Vm vm, Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        foreach (var (id, _) in _jobs.Where(job => job.Value.IsCompleted).ToList())
            _jobs.Remove(id);
        if (!_jobs.ContainsKey(vm.Id))
            _jobs[vm.Id] = Task.Run(() => RunAsync(vm, work, stopping), CancellationToken.None);
    }

    /// <summary>Ends when all that was begun has; never fails.</summary>
    public Task EndAsync() => Task.WhenAll(_jobs.Values);

    private async Task RunAsync(Vm vm, Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        try
        {
            // Looked at once a DELETE would find this job: one that came before has changed the state. An operation does its own work.
            await running.RunAsync(vm.Id, cancellation => store.Find(vm.Id) is { Operation: null } now && now.State == vm.State ? work(cancellation) : Task.CompletedTask, stopping);
        }
        catch (OperationCanceledException)
        {
            // Deleted or stopping.
        }
        catch (Exception e)
        {
            LogFailed(e, vm.Id, vm.Spec.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} ({Name}) could not be reconciled; the next round tries again")]
    private partial void LogFailed(Exception e, Guid id, string name);
}
