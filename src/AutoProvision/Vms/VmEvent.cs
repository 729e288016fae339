namespace AutoProvision.Vms;

/// <summary>One thing that happened to a VM; the same record is journalled, streamed and logged.</summary>
public sealed record VmEvent
{
    /// <summary>Per-VM sequence number, from 1 without gaps; the SSE <c>id</c>.</summary>
    public long Seq { get; init; }

    /// <summary>One of <see cref="VmEventTypes"/>; the SSE <c>event</c>.</summary>
    public required string Type { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>The VM's state after this event.</summary>
    public VmState State { get; init; }

    public string? Step { get; init; }

    /// <summary>The operation that it is about.</summary>
    public OperationKind? Operation { get; init; }

    public string? Message { get; init; }

    /// <summary>How long a step took, in milliseconds.</summary>
    public long? DurationMs { get; init; }

    /// <summary>How far a download is, 0 to 100.</summary>
    public double? Percent { get; init; }

    public Failure? Failure { get; init; }
}

public static class VmEventTypes
{
    public const string State = "state";
    public const string StepStarted = "step.started";
    public const string StepCompleted = "step.completed";
    public const string StepFailed = "step.failed";
    public const string StepUndone = "step.undone";
    public const string Progress = "progress";
    public const string OperationStarted = "operation.started";
    public const string OperationCompleted = "operation.completed";
    public const string OperationFailed = "operation.failed";
    public const string Updated = "updated";
}
