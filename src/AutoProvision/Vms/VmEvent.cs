using System.Text.Json.Serialization;
using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

/// <summary>One thing that happened to a VM; the same record is journalled, streamed, sent to webhooks and logged.</summary>
public sealed record VmEvent
{
    /// <summary>Its place among the events of all VMs: growing, never given twice; the SSE <c>id</c> of <c>GET /events</c>.</summary>
    public long Position { get; init; }

    /// <summary>The VM's id.</summary>
    public Guid Vm { get; init; }

    /// <summary>The VM's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Per-VM sequence number, from 1 without gaps; the SSE <c>id</c> of <c>GET /vms/{id}/events</c>.</summary>
    public long Seq { get; init; }

    /// <summary>The SSE <c>event</c>.</summary>
    public required VmEventType Type { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>The VM's state after this event.</summary>
    public VmState State { get; init; }

    /// <summary>Who did it; left out where the service did, or a caller of it.</summary>
    public EventCause? Cause { get; init; }

    /// <summary>What somebody else made of the domain: running, stopped or paused; left out where it is gone.</summary>
    public DomainPower? Power { get; init; }

    public string? Step { get; init; }

    /// <summary>The operation that it is about.</summary>
    public OperationKind? Operation { get; init; }

    public string? Message { get; init; }

    /// <summary>How long a step took, or its undoing, in milliseconds.</summary>
    public long? DurationMs { get; init; }

    /// <summary>How far a download is, 0 to 100.</summary>
    public double? Percent { get; init; }

    public Failure? Failure { get; init; }
}

/// <summary>Whose doing an event was.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventCause>))]
public enum EventCause
{
    /// <summary>Somebody else's, behind the service's back: with virsh, or from inside the guest.</summary>
    [JsonStringEnumMemberName("external")]
    External,
}
