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
        _reader = new EventReader(store.Events, store.Events.Last, EventFilter.All, store.Events.Forgotten);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await foreach (var what in _reader.ReadAsync(stoppingToken))
                    _metrics.Observe(what);
                // Some events went before they were counted: better those that are left than none.
                _reader = new EventReader(_store.Events, _reader.Position, EventFilter.All, _store.Events.Forgotten);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The only end there is.
        }
    }
}
