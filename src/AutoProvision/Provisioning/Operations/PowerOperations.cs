using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

public sealed class StartOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Start;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await power.SwitchOnAsync(vm.Id, cancellation);
        return VmPower.On;
    }
}

public sealed class StopOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Stop;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await power.SwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation);
        return VmPower.Off;
    }
}

public sealed class RestartOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Restart;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await power.SwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation);
        await power.SwitchOnAsync(vm.Id, cancellation);
        return VmPower.On;
    }
}

/// <summary>Changes the sizes of a VM; one that runs is restarted for it, and its guest grows the root file system as it boots.</summary>
public sealed class ResizeOperation(PowerSwitch power, Hypervisors.IDomainControl control) : IOperation
{
    public OperationKind Kind => OperationKind.Resize;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        var size = operation.Size!;
        await power.SwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation);
        try
        {
            await control.ResizeAsync(vm.Id, size, cancellation);
        }
        catch (FailureException e) when (operation.WasRunning)
        {
            // What could not be resized runs on as it was.
            await power.SwitchOnAsync(vm.Id, cancellation);
            return it => VmPower.On(it) with { OperationFailure = e.Failure };
        }
        var on = operation.WasRunning ? await VmPower.TryOnAsync(() => power.SwitchOnAsync(vm.Id, cancellation)) : VmPower.Off;
        return it => on(it).Resized(size);
    }
}

/// <summary>What a VM is when it was switched on or off.</summary>
internal static class VmPower
{
    /// <summary>Ready, or degraded as it was.</summary>
    public static Vm On(Vm vm) => vm with { State = vm.Failure is null ? VmState.Ready : VmState.Degraded };

    public static Vm Off(Vm vm) => vm with { State = VmState.Stopped };

    /// <summary>For what stays changed whether or not the guest lets its user in: then it is as good as off, and the failure says why.</summary>
    public static async Task<Func<Vm, Vm>> TryOnAsync(Func<Task> reach)
    {
        try
        {
            await reach();
            return On;
        }
        // What could not be recorded, on a full disk, is tried again as a whole.
        catch (FailureException e) when (e.Code != VmFailures.JournalFull)
        {
            return vm => Off(vm) with { OperationFailure = e.Failure };
        }
    }

    public static Vm Resized(this Vm vm, VmSize size) => vm with { Spec = vm.Spec with { Cpus = size.Cpus, MemoryMiB = size.MemoryMiB, DiskGiB = size.DiskGiB } };

    public static TimeSpan Grace(VmOperation operation) => operation.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : PowerSwitch.DefaultGrace;
}
