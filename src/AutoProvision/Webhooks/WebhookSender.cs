using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;
using HttpJsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace AutoProvision.Webhooks;

/// <summary>One attempt at telling an endpoint an event: the same record as in <c>GET /events</c>.</summary>
internal sealed class WebhookSender(IHttpClientFactory clients, IOptions<WebhooksOptions> options, IOptions<HttpJsonOptions> json, TimeProvider time)
{
    /// <summary>Name of the HTTP client.</summary>
    public const string Client = "webhooks";

    /// <returns>Null when the endpoint took it; whatever else became of it is its refusal.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancellation"/>: the endpoint may have taken it or not.</exception>
    public async Task<WebhookRefusal?> TryAsync(Uri url, byte[] secret, VmEvent what, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            using var client = clients.CreateClient(Client);
            using var response = await SendAsync(client, () => Request(url, secret, what), either.Token);
            return response.IsSuccessStatusCode ? null : Refused(response);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookRefusal(new Failure("webhook_timeout", $"The endpoint did not answer within {options.Value.Timeout.TotalSeconds:0.#} s.",
                "It should answer at once and do its work afterwards; Webhooks:Timeout is how long it is given."));
        }
        // Whatever it is, an endpoint must not end the service.
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookRefusal(new Failure("webhook_unreachable", $"The endpoint could not be reached: {e.GetBaseException().Message}", "Does it listen at the address in the settings, and does its certificate hold?"));
        }
    }

    /// <summary>
    /// Sends it once more where the connection broke: an endpoint may close one that was kept just as it is used again (RFC 9112, 9.3.1),
    /// as servers of HTTP/1.0 do after each answer. It may come twice then, with the same webhook-id.
    /// </summary>
    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, Func<HttpRequestMessage> make, CancellationToken cancellation)
    {
        try
        {
            return await SendOnceAsync(client, make, cancellation);
        }
        catch (HttpRequestException e) when (e.InnerException is IOException)
        {
            return await SendOnceAsync(client, make, cancellation);
        }
    }

    private static async Task<HttpResponseMessage> SendOnceAsync(HttpClient client, Func<HttpRequestMessage> make, CancellationToken cancellation)
    {
        using var request = make();
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private HttpRequestMessage Request(Uri url, byte[] secret, VmEvent what)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(what, json.Value.SerializerOptions);
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in WebhookSignature.Headers(secret, what, body, time.GetUtcNow()))
            request.Headers.Add(name, value);
        return request;
    }

    private WebhookRefusal Refused(HttpResponseMessage response)
    {
        var after = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - time.GetUtcNow() : null;
        var hint = (int)response.StatusCode is >= 300 and < 400
            ? "Redirects are not followed: put the new address into the settings."
            : "It takes an event by answering 200 to 299; its own log says why it did not.";
        return new WebhookRefusal(new Failure("webhook_refused", $"The endpoint answered {(int)response.StatusCode} {response.ReasonPhrase}.".Replace(" .", ".", StringComparison.Ordinal), hint),
            response.StatusCode == HttpStatusCode.Gone, after);
    }
}

/// <summary>Why an endpoint did not take an event.</summary>
/// <param name="Failure">What happened.</param>
/// <param name="IsGone">It wants no more events, ever (410).</param>
/// <param name="RetryAfter">How long it wants to be left alone.</param>
internal sealed record WebhookRefusal(Failure Failure, bool IsGone = false, TimeSpan? RetryAfter = null);
