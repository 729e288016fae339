using System.Collections.Concurrent;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>
/// Starts SFTP servers in reachable VMs: by the service's own account, on behalf of the VM's user, or by the user's login where that account
/// is not there or cannot get in.
/// </summary>
public sealed class GuestSftp
{
    // To ask takes an emulated guest about as long as to unpack a thousand files.
    private static readonly TimeSpan Asked = TimeSpan.FromMinutes(1);

    // The VMs whose user was seen to be allowed to become root, and when.
    private readonly ConcurrentDictionary<Guid, long> _roots = new();
    private readonly VmService _vms;
    private readonly VmAccess _access;
    private readonly SshConnectionPool _connections;
    private readonly VmStore _store;
    private readonly TimeProvider _time;

    public GuestSftp(VmService vms, VmAccess access, SshConnectionPool connections, VmStore store, TimeProvider time)
    {
        (_vms, _access, _connections, _store, _time) = (vms, access, connections, store, time);
        // A guest that was stopped, restored or started again may have another state, in which the user is not allowed to.
        connections.Forgotten += id => _ = Guid.TryParse(id, out var vm) && _roots.TryRemove(vm, out _);
    }

    /// <param name="id">The VM.</param>
    /// <param name="script">One of <see cref="SftpCommand"/>.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c> or one of SSH's.</exception>
    /// <exception cref="SftpEndedException">No server was started.</exception>
    internal Task<Sftp> OpenAsync(string id, GuestScript script, CancellationToken cancellation) => OpenAsync(id, script, () => { }, cancellation);

    /// <param name="id">The VM.</param>
    /// <param name="script">One of <see cref="SftpCommand"/>.</param>
    /// <param name="isStarting">Told when the server is being started as root, which takes a while: a program can be, too.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <inheritdoc cref="OpenAsync(string, GuestScript, CancellationToken)"/>
    internal async Task<Sftp> OpenAsync(string id, GuestScript script, Action isStarting, CancellationToken cancellation)
    {
        var vm = _vms.GetReachable(id);
        if (MayBeRoot(vm.Id) && await TryOpenAsRootAsync(vm, script, isStarting, cancellation) is { } opened)
            return opened;
        var sftp = await AskAndOpenAsync(vm, script, cancellation);
        if (sftp.IsRoot)
            NoteRoot(vm.Id);
        return sftp;
    }

    /// <summary>Starts another program in the way that the SFTP server was started last.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c> or one of SSH's.</exception>
    internal Task<ISshChannel> StartAsync(string id, GuestScript script, CancellationToken cancellation)
    {
        var vm = _vms.GetReachable(id);
        var isService = _access.ServiceTarget(vm) is not null;
        return StartAsync(vm, isService, MayBeRoot(vm.Id) ? script.AsRoot() : isService ? script.OnBehalfOf(vm.Spec.User) : script.ByUser(), cancellation);
    }

    /// <summary>A program was seen to run as root.</summary>
    internal void NoteRoot(Guid id)
    {
        foreach (var old in _roots.Keys.Where(it => !MayBeRoot(it)))
            _roots.TryRemove(old, out _);
        _roots[id] = _time.GetTimestamp();
    }

    private bool MayBeRoot(Guid id) => _roots.TryGetValue(id, out var seen) && _time.GetElapsedTime(seen) < Asked;

    private async Task<Sftp?> TryOpenAsRootAsync(Vm vm, GuestScript script, Action isStarting, CancellationToken cancellation)
    {
        try
        {
            var channel = await StartAsync(vm, _access.ServiceTarget(vm) is not null, script.AsRoot(), cancellation);
            isStarting();
            return await Sftp.OpenAsync(channel, _time, cancellation);
        }
        catch (Exception e) when (e is SftpEndedException or FailureException { Code: SshFailures.AuthFailed })
        {
            // Not any more, or not in this way: it is asked again.
            _roots.TryRemove(vm.Id, out _);
            return null;
        }
    }

    private async Task<Sftp> AskAndOpenAsync(Vm vm, GuestScript script, CancellationToken cancellation)
    {
        if (_access.ServiceTarget(vm) is null)
            return await OpenAsync(vm, isService: false, script.ByUser(), cancellation);
        string obstacle;
        try
        {
            return await OpenAsync(vm, isService: true, script.OnBehalfOf(vm.Spec.User), cancellation);
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
        var sftp = await OpenAsync(vm, isService: false, script.ByUser(), cancellation);
        // Only now is it known that it was the account's fault.
        _store.Update(vm.Id, it => it is { IsOn: true, IsServiceShutOut: false } ? it with { IsServiceShutOut = true } : it,
            new VmEvent { Type = VmEventType.Progress, Message = $"The service's own account cannot be used in the guest, so that its user's login is: {obstacle}" });
        return sftp;
    }

    private async Task<Sftp> OpenAsync(Vm vm, bool isService, string command, CancellationToken cancellation) =>
        await Sftp.OpenAsync(await StartAsync(vm, isService, command, cancellation), _time, cancellation);

    private Task<ISshChannel> StartAsync(Vm vm, bool isService, string command, CancellationToken cancellation)
    {
        var id = vm.Id.ToString();
        return isService ? _connections.OpenAsync(SshConnectionPool.OfService(id), () => Service(id), command, cancellation)
            : _connections.OpenAsync(id, () => _access.Target(_vms.GetReachable(id)), command, cancellation);
    }

    // Seen not to get in by another transfer meanwhile, it is tried once more by this one.
    private SshTarget Service(string id) => _access.ServiceTarget(_vms.GetReachable(id) with { IsServiceShutOut = false })!;
}
