namespace AutoProvision.Vms;

/// <summary>Body of <c>POST /vms/{id}/stop</c> and <c>restart</c>; it may be left out.</summary>
public sealed class StopRequest
{
    /// <summary>How long the guest has to switch itself off before it is switched off, 0 to 3600 seconds; 90 when left out, and 0 does not ask it.</summary>
    public int? GraceSeconds { get; init; }

    /// <exception cref="InvalidRequestException"/>
    public int? Checked(IReadOnlyList<Fault> shape)
    {
        var faults = new FaultList(shape);
        SizeRules.CheckGrace(GraceSeconds, faults);
        faults.ThrowIfAny();
        return GraceSeconds;
    }
}

/// <summary>Body of <c>POST /vms/{id}/resize</c>; what is left out stays as it is.</summary>
public sealed class ResizeRequest
{
    /// <summary>Virtual CPUs.</summary>
    public int? Cpus { get; init; }

    /// <summary>Memory in MiB.</summary>
    public int? MemoryMiB { get; init; }

    /// <summary>Size of the root disk in GiB; it can only grow.</summary>
    public int? DiskGiB { get; init; }

    /// <summary>How long the guest of a VM that runs has to switch itself off, as in a stop.</summary>
    public int? GraceSeconds { get; init; }
}

/// <summary>Body of <c>POST /vms/{id}/snapshots</c>; it may be left out.</summary>
public sealed class SnapshotRequest
{
    /// <summary>An RFC 1123 label, unique within the VM; left out, one is made of the time.</summary>
    public string? Name { get; init; }

    /// <summary>Words of your own, one line of at most 255 characters.</summary>
    public string? Description { get; init; }
}
