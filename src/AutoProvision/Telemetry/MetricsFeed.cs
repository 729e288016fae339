using AutoProvision.Vms;

namespace AutoProvision.Telemetry;

/// <summary>Brings every event to the figures.</summary>
public sealed class MetricsFeed : BackgroundService
{
    private readonly ServiceMetrics _metrics;
    private readonly VmStore _store;
    private EventReader _reader;

    /// <summary>Begins with the present: before any other service does something.</summary>
    public MetricsFeed(ServiceMetrics metrics, VmStore store)
    {
        (_metrics, _store) = (metrics, store);
        _reader = FromNow();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await foreach (var what in _reader.ReadAsync(stoppingToken))
                    _metrics.Observe(what);
                // Events were forgotten before they were counted: better too few than none from here on.
                _reader = FromNow();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The only end there is.
        }
    }

    private EventReader FromNow() => new(_store.Events, _store.Events.Last, EventFilter.All, _store.Events.Forgotten);
}
