using AutoProvision.Hypervisors;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>
/// Tells whether a connection was lost because its guest went down. A guest that ends its network before its commands says nothing, so that it
/// is its domain that tells.
/// </summary>
public sealed class LostGuests(IHypervisor hypervisor, VmStore store, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The failure as it is to be told.</summary>
    public async Task<FailureException> ExplainAsync(string id, FailureException lost) =>
        await IsDownAsync(id) ? SshFailures.GuestWentDown(lost) : lost;

    /// <summary>An end that the guest itself did not explain.</summary>
    /// <exception cref="FailureException"><c>guest_went_down</c>: it was the guest's.</exception>
    public async Task<ExecEnd> CheckAsync(string id, ExecEnd end) => end.IsUnexplained && await IsDownAsync(id) ? throw SshFailures.GuestWentDown() : end;

    private async Task<bool> IsDownAsync(string id) => VmId.Parse(id) is { } vm && store.Find(vm) is { } found && (IsSwitchedOff(found) || await IsOffAsync(found));

    private static bool IsSwitchedOff(Vm vm) => vm.Operation?.Kind is OperationKind.Stop or OperationKind.Restart or OperationKind.Resize or OperationKind.RestoreSnapshot;

    private async Task<bool> IsOffAsync(Vm vm)
    {
        if (!vm.IsMade)
            return false;
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            return await hypervisor.FindPowerAsync(vm.Id, patience.Token) == DomainPower.Stopped;
        }
        // What cannot be asked must not hide the failure itself.
        catch (Exception e) when (e is FailureException or OperationCanceledException)
        {
            return false;
        }
    }
}
