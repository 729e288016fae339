namespace AutoProvision.Vms;

/// <summary>What a copy of a VM is.</summary>
public sealed class CloneRules(SizeRules sizes, TimeProvider time)
{
    /// <summary>The source's spec with the sizes that are asked for; addresses that are kept for the source cannot be the copy's too.</summary>
    /// <exception cref="InvalidRequestException"/>
    public VmOrder Complete(CloneRequest request, Vm source, IReadOnlyList<Fault> shape, CancellationToken cancellation)
    {
        var faults = new FaultList(shape, cancellation);
        var name = VmRules.Name(request.Name, faults);
        var size = sizes.Complete(request.Cpus, request.MemoryMiB, request.DiskGiB, source.Spec, faults);
        var config = NicRules.Config(request.NetworkConfig, faults);
        var labels = LabelRules.Check(request.Labels, faults);
        var expiry = ExpiryRules.Complete(request.ExpiresIn, request.ExpiresAt, time.GetUtcNow(), faults);
        faults.ThrowIfAny();
        return new VmOrder(source.Spec with
        {
            Name = name,
            Cpus = size.Cpus,
            MemoryMiB = size.MemoryMiB,
            DiskGiB = size.DiskGiB,
            NetworkConfig = config,
            Network = source.Spec.Network is { } first ? first with { Address = null } : null,
            Nics = [.. source.Spec.Nics.Select(nic => nic with { Address = null })],
        }, labels, expiry);
    }
}
