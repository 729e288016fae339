using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Power, sizes and snapshots of libvirt's domains. The snapshots are internal ones: they lie in the disks' own files.</summary>
public sealed class LibvirtControl(
    DomainCommands commands, SnapshotFiles files, DiskImage disks, PoolPaths paths, GuestAgent agent, IOptions<LibvirtOptions> options) : IDomainControl
{
    // libvirt's words in src/qemu/qemu_driver.c and, of snapshots, in src/conf/virdomainsnapshotobjlist.c.
    private const string IsOff = "domain is not running";
    private const string IsOn = "domain is already running";
    private const string IsActive = "Domain is already active";
    private const string NoSnapshot = "Domain snapshot not found";

    public Task StartAsync(Guid id, CancellationToken cancellation) => commands.RunAsync(id, ["start"], cancellation, IsActive);

    /// <summary>
    /// The agent is asked where it answers, and the power button pressed where it does not (qemuDomainShutdownFlags in libvirt's
    /// src/qemu/qemu_driver.c): a guest may ignore the button, and one without an agent knows nothing else.
    /// </summary>
    public Task AskToShutDownAsync(Guid id, CancellationToken cancellation) => commands.RunAsync(id, ["shutdown", "--mode", "agent,acpi"], cancellation, IsOff);

    public Task SwitchOffAsync(Guid id, CancellationToken cancellation) => commands.RunAsync(id, ["destroy"], cancellation, IsOff);

    /// <summary>QEMU writes back what it has in its caches when it stops the CPUs (do_vm_stop in its softmmu/cpus.c).</summary>
    public Task PauseAsync(Guid id, CancellationToken cancellation) => commands.RunAsync(id, ["suspend"], cancellation);

    public async Task ResumeAsync(Guid id, CancellationToken cancellation)
    {
        if (await commands.RunAsync(id, ["resume"], cancellation, IsOn))
            await agent.TrySetClockAsync(id, cancellation);
    }

    public async Task ResizeAsync(Guid id, VmSize size, CancellationToken cancellation)
    {
        // --config alone would be accepted and come true at the next start; the disk under a running guest is QEMU's.
        if (await commands.PowerAsync(id, cancellation) != DomainPower.Stopped)
            throw new FailureException("hypervisor_refused", "The sizes of a domain that runs cannot be changed.", "Stop the VM first.");
        await disks.GrowAsync(paths.Disk(id), size.DiskGiB, cancellation);
        // What a guest has cannot be more than its most: each pair goes together, whichever way it changes.
        await commands.RunAsync(id, ["setvcpus", "--count", $"{size.Cpus}", "--config", "--maximum"], cancellation);
        await commands.RunAsync(id, ["setvcpus", "--count", $"{size.Cpus}", "--config"], cancellation);
        await commands.RunAsync(id, ["setmaxmem", "--size", $"{size.MemoryMiB}MiB", "--config"], cancellation);
        await commands.RunAsync(id, ["setmem", "--size", $"{size.MemoryMiB}MiB", "--config"], cancellation);
    }

    public async Task CreateSnapshotAsync(Guid id, string name, CancellationToken cancellation)
    {
        // What an attempt that was cut off has left, known to libvirt or not.
        await RemoveSnapshotAsync(id, name, cancellation);
        var power = await commands.PowerAsync(id, cancellation);
        if (power == DomainPower.Stopped)
            await files.ForgetAsync(id, name, cancellation);
        try
        {
            await SnapshotAsync(id, ["snapshot-create-as", "--name", name, "--atomic"], cancellation);
        }
        finally
        {
            // The guest stood still meanwhile, whatever came of it.
            if (power == DomainPower.Running)
                await agent.TrySetClockAsync(id, cancellation);
        }
    }

    public async Task RestoreSnapshotAsync(Guid id, string name, CancellationToken cancellation)
    {
        // By force: libvirt otherwise refuses where the sizes have changed since, and a new QEMU is needed.
        await SnapshotAsync(id, ["snapshot-revert", "--snapshotname", name, "--force"], cancellation);
        // The guest's clock goes on from when the snapshot was made.
        if (await commands.PowerAsync(id, cancellation) == DomainPower.Running)
            await agent.TrySetClockAsync(id, cancellation);
    }

    public Task RemoveSnapshotAsync(Guid id, string name, CancellationToken cancellation) =>
        SnapshotAsync(id, ["snapshot-delete", "--snapshotname", name], cancellation, NoSnapshot);

    private Task<bool> SnapshotAsync(Guid id, IReadOnlyList<string> command, CancellationToken cancellation, string? unless = null) =>
        commands.RunAsync(id, command, cancellation, unless, options.Value.SnapshotTimeout);
}
