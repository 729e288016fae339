using System.Data.Common;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Deletes VMs when their time is over; what was due while the service was away is deleted at its start.</summary>
public sealed partial class Expiry(VmStore store, JobQueue queue, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Expiry> logger) : BackgroundService
{
    // So that a clock that was set forward is noticed.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            while (true)
            {
                // Taken before the look: what changes after it ends the sleep.
                var changed = store.ExpiriesChanged;
                foreach (var vm in store.List().Where(IsDue))
                    Delete(vm);
                await SleepAsync(changed, stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The only end there is.
        }
    }

    private bool IsDue(Vm vm) => vm.ExpiresAt <= time.GetUtcNow() && vm.State is not (VmState.Deleting or VmState.Deleted);

    private async Task SleepAsync(Task changed, CancellationToken stopping)
    {
        var next = store.List().Where(vm => vm.State != VmState.Deleting).Min(vm => vm.ExpiresAt);
        var left = next is { } due ? due - time.GetUtcNow() : LongestSleep;
        // One that could not be recorded is tried again.
        var sleep = left <= TimeSpan.Zero ? TimeSpan.FromSeconds(1) : left < LongestSleep ? left : LongestSleep;
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(changed, Task.Delay(sleep, time, awake.Token));
        await awake.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    private void Delete(Vm vm)
    {
        try
        {
            // A DELETE or PATCH that came just now has seen to it.
            var begun = false;
            store.Update(vm.Id, it => (begun = IsDue(it)) ? it.Going() : it,
                new VmEvent { Type = VmEventType.State, Message = $"The VM expired at {vm.ExpiresAt:O}." });
            if (!begun)
                return;
            queue.Delete(vm.Id);
            LogExpired(vm.Id, vm.Spec.Name, vm.ExpiresAt!.Value);
        }
        // Whatever it is, the others' time runs on.
        catch (Exception e) when (e is FailureException or DbException)
        {
            LogNotDeleted(vm.Id, vm.Spec.Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} ({Name}) expired at {At:O} and is deleted")]
    private partial void LogExpired(Guid id, string name, DateTimeOffset at);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id} ({Name}) expired and cannot be deleted yet: {Cause}")]
    private partial void LogNotDeleted(Guid id, string name, string cause);
}
