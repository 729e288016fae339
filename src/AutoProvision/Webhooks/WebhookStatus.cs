using AutoProvision.Vms;

namespace AutoProvision.Webhooks;

/// <summary>How an endpoint is doing.</summary>
public sealed record WebhookStatus
{
    /// <summary>Its name in the settings.</summary>
    public required string Name { get; init; }

    /// <summary>Its address, without the query, which may hold a secret.</summary>
    public required string Url { get; init; }

    /// <summary>The event types it wants; empty is all.</summary>
    public IReadOnlyList<VmEventType> Types { get; init; } = [];

    public WebhookState State { get; init; }

    /// <summary>Every event up to this position was taken by it, or not wanted.</summary>
    public long Position { get; init; }

    /// <summary>When it last took an event; left out where it has taken none since the service started.</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>How many events it has not taken yet.</summary>
    public int Pending { get; init; }

    /// <summary>How many were dropped since the service started, because it took none for <c>Webhooks:MaxAge</c>.</summary>
    public int Dropped { get; init; }

    /// <summary>How often it failed in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Why it did, the last time; left out once it takes events again.</summary>
    public Failure? Failure { get; init; }

    /// <summary>When it is tried again.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
}

public enum WebhookState
{
    /// <summary>It takes what there is.</summary>
    Active,

    /// <summary>It did not take the last event offered; that is offered again.</summary>
    Retrying,

    /// <summary>It answered 410: it is left alone until the service starts the next time.</summary>
    Gone,
}
