using AutoProvision.Provisioning;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>What is done inside a reachable VM.</summary>
public sealed class GuestService(VmService vms, VmAccess access, SshConnectionPool connections, IHostApplicationLifetime lifetime)
{
    /// <summary>Runs a command in a reachable VM as its user.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c>, <c>service_stopping</c> or one of SSH's.</exception>
    public async Task<ExecResult> ExecAsync(string id, ExecRequest request, CancellationToken cancellation)
    {
        var vm = vms.GetReachable(id);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            return await connections.ExecAsync(vm.Id.ToString(), () => access.Target(vms.GetReachable(id)), request, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw VmFailures.Stopping();
        }
    }

    /// <summary>How a person logs in by themselves.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c> or <c>vm_not_ready</c>.</exception>
    public SshAccess GetSshAccess(string id)
    {
        var vm = vms.GetReachable(id);
        return SshAccess.For(vm, access.Keys(vm.Id));
    }
}
