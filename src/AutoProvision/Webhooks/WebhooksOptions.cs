namespace AutoProvision.Webhooks;

/// <summary>Section <c>Webhooks</c> of the settings: who is told the events.</summary>
public sealed class WebhooksOptions
{
    public const string Section = "Webhooks";

    /// <summary>One attempt, from connecting to the answer's head.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Before the first retry, less some jitter; doubles up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>What an endpoint has not taken by then is dropped. So long events outlive <c>Provisioning:DeletedRetention</c>, where they have to.</summary>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The endpoints by a name that stays when the address changes: how far each has come is kept under it.</summary>
    public Dictionary<string, WebhookEndpoint> Endpoints { get; set; } = [];
}

public sealed class WebhookEndpoint
{
    /// <summary>An absolute http or https address.</summary>
    public string Url { get; set; } = "";

    /// <summary><c>whsec_</c> and 24 to 64 random bytes as base64; the receiver has the same.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Names of the event types wanted; none is all.</summary>
    public List<string> Types { get; set; } = [];
}
