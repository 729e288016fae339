using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>
/// Starts SFTP servers in reachable VMs: by the service's own account, on behalf of the VM's user, or by the user's login where that account
/// is not there or cannot get in.
/// </summary>
public sealed class GuestSftp(VmService vms, VmAccess access, SshConnectionPool connections, VmStore store, TimeProvider time)
{
    /// <param name="id">The VM.</param>
    /// <param name="script">One of <see cref="SftpCommand"/>.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c> or one of SSH's.</exception>
    /// <exception cref="SftpEndedException">No server was started.</exception>
    internal async Task<Sftp> OpenAsync(string id, GuestScript script, CancellationToken cancellation)
    {
        var vm = vms.GetReachable(id);
        if (access.ServiceTarget(vm) is null)
            return await OpenAsUserAsync(vm, script, cancellation);
        string obstacle;
        try
        {
            return await OpenAsync(SshConnectionPool.OfService(vm.Id.ToString()), () => Service(id), script.OnBehalfOf(vm.Spec.User), cancellation);
        }
        // A guest that does not answer at all answers no other login either.
        catch (FailureException e) when (e.Code == SshFailures.AuthFailed)
        {
            obstacle = e.Failure.Cause;
        }
        catch (SftpEndedException e)
        {
            obstacle = e.Message;
        }
        var sftp = await OpenAsUserAsync(vm, script, cancellation);
        // Only now is it known that it was the account's fault.
        store.Update(vm.Id, it => it is { IsOn: true, IsServiceShutOut: false } ? it with { IsServiceShutOut = true } : it,
            new VmEvent { Type = VmEventType.Progress, Message = $"The service's own account cannot be used in the guest, so that its user's login is: {obstacle}" });
        return sftp;
    }

    /// <summary>Starts another program in the way that the SFTP server was started last.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="script">One of <see cref="GuestCommand"/>.</param>
    /// <param name="isRoot">Whether the server was seen to run as root, so that nobody need ask again whether the user may become it.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c> or one of SSH's.</exception>
    internal Task<ISshChannel> StartAsync(string id, GuestScript script, bool isRoot, CancellationToken cancellation)
    {
        var vm = vms.GetReachable(id);
        return access.ServiceTarget(vm) is null
            ? connections.OpenAsync(vm.Id.ToString(), () => access.Target(vms.GetReachable(id)), isRoot ? script.AsRoot() : script.ByUser(), cancellation)
            : connections.OpenAsync(SshConnectionPool.OfService(vm.Id.ToString()), () => Service(id), isRoot ? script.AsRoot() : script.OnBehalfOf(vm.Spec.User), cancellation);
    }

    private Task<Sftp> OpenAsUserAsync(Vm vm, GuestScript script, CancellationToken cancellation) =>
        OpenAsync(vm.Id.ToString(), () => access.Target(vms.GetReachable(vm.Id.ToString())), script.ByUser(), cancellation);

    // Seen not to get in by another transfer meanwhile, it is tried once more by this one.
    private SshTarget Service(string id) => access.ServiceTarget(vms.GetReachable(id) with { IsServiceShutOut = false })!;

    private async Task<Sftp> OpenAsync(string id, Func<SshTarget> target, string command, CancellationToken cancellation) =>
        await Sftp.OpenAsync(await connections.OpenAsync(id, target, command, cancellation), time, cancellation);
}
