using System.Text.RegularExpressions;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Webhooks;

/// <summary>Finds every fault of the section at once, each named by its key; a secret is never repeated.</summary>
internal sealed partial class WebhooksOptionsValidator : IValidateOptions<WebhooksOptions>
{
    public ValidateOptionsResult Validate(string? name, WebhooksOptions options)
    {
        List<string> faults = [.. General(options)];
        foreach (var (endpoint, settings) in options.Endpoints.OrderBy(e => e.Key, StringComparer.Ordinal))
            faults.AddRange(Endpoint(endpoint, settings).Select(fault => $"Webhooks:Endpoints:{endpoint}: {fault}"));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> General(WebhooksOptions options)
    {
        foreach (var (key, value, most) in ((string, TimeSpan, TimeSpan)[])
        [
            (nameof(options.Timeout), options.Timeout, TimeSpan.FromMinutes(5)),
            (nameof(options.RetryDelay), options.RetryDelay, TimeSpan.FromHours(1)),
            (nameof(options.MaxRetryDelay), options.MaxRetryDelay, TimeSpan.FromDays(1)),
            (nameof(options.MaxAge), options.MaxAge, TimeSpan.FromDays(365)),
        ])
            if (value < TimeSpan.FromMilliseconds(100) || value > most)
                yield return $"Webhooks:{key} must be between 100 ms and {most}, not {value}.";
    }

    private static IEnumerable<string> Endpoint(string name, WebhookEndpoint endpoint)
    {
        if (!EndpointName().IsMatch(name))
            yield return "the name must be up to 63 lower-case letters, digits, '-' and '_', and start with a letter or digit.";
        if (!Uri.TryCreate(endpoint.Url, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
            yield return "Url must be an absolute http or https address.";
        else if (url.UserInfo.Length > 0)
            yield return "Url must have no user and password: deliveries are known by their signature.";
        if (WebhookSignature.ReadSecret(endpoint.Secret) is null)
            yield return "Secret must be whsec_ followed by 24 to 64 random bytes as base64; echo whsec_$(openssl rand -base64 32) makes one.";
        foreach (var type in endpoint.Types.Where(type => VmEventTypes.Find(type) is null))
            yield return $"there are no events of type '{type}'; Types may name {string.Join(", ", VmEventTypes.All)}.";
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,62}\z")]
    private static partial Regex EndpointName();
}
