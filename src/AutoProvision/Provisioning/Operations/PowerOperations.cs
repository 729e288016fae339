using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Operations;

public sealed class StartOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Start;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await power.SwitchOnAsync(vm.Id, cancellation);
        return it => it.LettingIn();
    }
}

public sealed class StopOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Stop;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        await power.SwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation);
        return it => it.Off();
    }
}

public sealed class RestartOperation(PowerSwitch power) : IOperation
{
    public OperationKind Kind => OperationKind.Restart;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        if (await power.TrySwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation) is { } still)
            return still;
        await power.SwitchOnAsync(vm.Id, cancellation);
        return it => it.LettingIn();
    }
}

/// <summary>Changes the sizes of a VM; one that runs is restarted for it, and its guest grows the root file system as it boots.</summary>
public sealed class ResizeOperation(PowerSwitch power, Hypervisors.IDomainControl control) : IOperation
{
    public OperationKind Kind => OperationKind.Resize;

    public async Task<Func<Vm, Vm>> RunAsync(Vm vm, VmOperation operation, CancellationToken cancellation)
    {
        var size = operation.Size!;
        if (await power.TrySwitchOffAsync(vm.Id, VmPower.Grace(operation), cancellation) is { } still)
            return still;
        try
        {
            await control.ResizeAsync(vm.Id, size, cancellation);
        }
        catch (FailureException e) when (operation.WasRunning)
        {
            // What could not be resized runs on as it was.
            await power.SwitchOnAsync(vm.Id, cancellation);
            return it => it.LettingIn() with { OperationFailure = e.Failure };
        }
        var on = operation.WasRunning ? await power.TrySwitchOnAsync(vm.Id, cancellation) : it => it.Off();
        return it => on(it).Resized(size);
    }
}

/// <summary>What operations on a VM's power have in common.</summary>
internal static class VmPower
{
    public static Vm Resized(this Vm vm, VmSize size) => vm with { Spec = vm.Spec with { Cpus = size.Cpus, MemoryMiB = size.MemoryMiB, DiskGiB = size.DiskGiB } };

    public static TimeSpan Grace(VmOperation operation) => operation.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : PowerSwitch.DefaultGrace;
}
