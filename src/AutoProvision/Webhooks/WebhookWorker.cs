using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Webhooks;

/// <summary>Runs every endpoint's delivery beside the others; none holds up another.</summary>
public sealed class WebhookWorker : BackgroundService
{
    private readonly IReadOnlyList<WebhookDelivery> _deliveries;
    private readonly VmStore _store;

    public WebhookWorker(IServiceProvider services, VmStore store, IOptions<WebhooksOptions> options)
    {
        _store = store;
        // Made before anything runs: what happens from here on is new to a new endpoint.
        _deliveries = [.. options.Value.Endpoints.OrderBy(endpoint => endpoint.Key, StringComparer.Ordinal)
            .Select(endpoint => ActivatorUtilities.CreateInstance<WebhookDelivery>(services, endpoint.Key, endpoint.Value))];
    }

    /// <summary>How each endpoint is doing, by name.</summary>
    public IReadOnlyList<WebhookStatus> List() => [.. _deliveries.Select(delivery => delivery.Status)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // One that is no longer in the settings would hold every event back.
        foreach (var name in _store.Subscribers.Keys.Except(_deliveries.Select(delivery => delivery.Status.Name)))
            _store.RemoveSubscriber(name);
        try
        {
            await Task.WhenAll(_deliveries.Select(delivery => delivery.RunAsync(stoppingToken)));
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // What was under way is offered again after the next start.
        }
    }
}
