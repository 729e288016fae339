namespace AutoProvision.Webhooks;

/// <summary>When to try again.</summary>
internal static class WebhookBackoff
{
    // However long an endpoint wants to be left alone, it is looked at once an hour.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>
    /// Twice as long each time, less a jitter of up to a fifth, so that endpoints which failed together are not all tried together;
    /// at least as long as the endpoint asked for.
    /// </summary>
    /// <param name="options">The delays.</param>
    /// <param name="endpoint">The endpoint's name.</param>
    /// <param name="failures">How often it failed in a row, from 1.</param>
    /// <param name="wanted">Its Retry-After.</param>
    public static TimeSpan Delay(WebhooksOptions options, string endpoint, int failures, TimeSpan? wanted)
    {
        var doubled = Math.Min(options.RetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 40)), options.MaxRetryDelay.TotalMilliseconds);
        // Text hashes differently in each process: that is all the chance that is needed.
        var jitter = (uint)HashCode.Combine(endpoint, failures) / (double)uint.MaxValue / 5;
        var asked = Math.Clamp(wanted?.TotalMilliseconds ?? 0, 0, Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(doubled * (1 - jitter), asked)));
    }
}
