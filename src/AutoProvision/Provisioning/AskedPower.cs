using System.Runtime.CompilerServices;
using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>What the user-data of a VM asks of its guest's power, read once for each request.</summary>
internal static class AskedPower
{
    private static readonly ConditionalWeakTable<VmSpec, Answer> Known = new();

    /// <summary>Null where nothing is asked for. A copy does not do it again: it is made without the caller's user-data.</summary>
    public static PowerMode? Of(Vm vm) => vm is { CloneOf: null, Spec.UserData: not null } ? Known.GetValue(vm.Spec, Read).Mode : null;

    /// <summary>Whether the guest is to end up switched off.</summary>
    public static bool IsOff(Vm vm) => Of(vm) is PowerMode.PowerOff or PowerMode.Halt;

    /// <summary>Whether there is evidence that a guest which is off went off as asked for: cloud-init's end was seen, or its kernel's.</summary>
    public static async Task<bool> IsDoneAsync(Vm vm, IHypervisor hypervisor, CancellationToken cancellation) =>
        IsOff(vm) && (IsJudged(vm) || await KernelWords.AreEndAsync(hypervisor, vm.Id, cancellation));

    /// <summary>Whether cloud-init was seen to end.</summary>
    public static bool IsJudged(Vm vm) => vm.Verified is not null || vm.Degradation is not null;

    /// <summary>Whether what ended the wait for a guest is what was asked for.</summary>
    public static bool Explains(Vm vm, Failure failure) => failure.Code == HypervisorFailures.GuestStopped && IsOff(vm);

    private static Answer Read(VmSpec spec) => new(PowerState.Of(CallersUserData.Reparse(spec.UserData!))?.Mode);

    private sealed record Answer(PowerMode? Mode);
}
