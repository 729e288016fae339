using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Power, sizes and snapshots of libvirt's domains.</summary>
public sealed class LibvirtControl(Virsh virsh) : IDomainControl
{
    public Task StartAsync(Guid id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task AskToShutDownAsync(Guid id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task SwitchOffAsync(Guid id, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PauseAsync(Guid id, CancellationToken cancellation) => throw new NotSupportedException();

    public async Task ResumeAsync(Guid id, CancellationToken cancellation)
    {
        var result = await virsh.TryAsync(cancellation, "resume", id.ToString());
        if (!result.Succeeded && !result.Error.Contains("domain is already running", StringComparison.Ordinal))
            throw Virsh.Refused("virsh resume", result);
    }

    public Task ResizeAsync(Guid id, VmSize size, CancellationToken cancellation) => throw new NotSupportedException();

    public Task CreateSnapshotAsync(Guid id, string name, CancellationToken cancellation) => throw new NotSupportedException();

    public Task RestoreSnapshotAsync(Guid id, string name, CancellationToken cancellation) => throw new NotSupportedException();

    public Task RemoveSnapshotAsync(Guid id, string name, CancellationToken cancellation) => throw new NotSupportedException();
}
