using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>What a VM's sizes may be changed to.</summary>
public sealed class SizeRules(IOptions<VmOptions> options)
{
    private const int MaxGraceSeconds = 3600;
    private readonly VmOptions _options = options.Value;

    /// <exception cref="InvalidRequestException"/>
    public VmSize Complete(ResizeRequest request, VmSpec spec, IReadOnlyList<Fault> shape)
    {
        var faults = new FaultList(shape);
        var size = Complete(request.Cpus, request.MemoryMiB, request.DiskGiB, spec, faults);
        if (request is { Cpus: null, MemoryMiB: null, DiskGiB: null })
            faults.Add("/cpus", "required", "Nothing is to be resized.", "At least one of cpus, memoryMiB and diskGiB.");
        CheckGrace(request.GraceSeconds, faults);
        faults.ThrowIfAny();
        return size;
    }

    /// <summary>The sizes that are asked for; what is null is as in <paramref name="spec"/>, whose disk is the least that the new one may be.</summary>
    public VmSize Complete(int? cpus, int? memoryMiB, int? diskGiB, VmSpec spec, FaultList faults)
    {
        if (diskGiB < spec.DiskGiB)
            faults.Add("/diskGiB", "disk_shrinks", $"The disk has {spec.DiskGiB} GiB and cannot shrink to {diskGiB}.", $"From {spec.DiskGiB} to {_options.MaxDiskGiB} GiB.");
        return new VmSize(
            cpus is null ? spec.Cpus : faults.InRange("/cpus", cpus.Value, 1, _options.MaxCpus),
            memoryMiB is null ? spec.MemoryMiB : faults.InRange("/memoryMiB", memoryMiB.Value, VmRules.Smallest.MemoryMiB, _options.MaxMemoryMiB, " MiB"),
            diskGiB is null ? spec.DiskGiB : faults.InRange("/diskGiB", diskGiB.Value, 1, _options.MaxDiskGiB, " GiB"));
    }

    public static void CheckGrace(int? seconds, FaultList faults)
    {
        if (seconds is { } grace)
            faults.InRange("/graceSeconds", grace, 0, MaxGraceSeconds, " s");
    }
}
