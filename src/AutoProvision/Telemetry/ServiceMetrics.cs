using AutoProvision.Vms;
using AutoProvision.Webhooks;
using Prometheus;

namespace AutoProvision.Telemetry;

/// <summary>The service's figures for Prometheus. What is counted begins with the process; how things are is looked up when somebody asks.</summary>
public sealed class ServiceMetrics
{
    // Seconds: from a step that does nothing to the download of a large image.
    private static readonly double[] Buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
    private readonly VmStore _store;
    private readonly WebhookWorker _webhooks;
    private readonly HashSet<Guid> _underWay;
    private readonly Gauge _vms;
    private readonly Gauge _pending;
    private readonly Counter _events;
    private readonly Histogram _creations;
    private readonly Histogram _steps;
    private readonly Histogram _operations;

    public ServiceMetrics(CollectorRegistry registry, VmStore store, WebhookWorker webhooks)
    {
        (_store, _webhooks) = (store, webhooks);
        _underWay = [.. store.List().Where(vm => vm.State is VmState.Queued or VmState.Provisioning).Select(vm => vm.Id)];
        var make = Metrics.WithCustomRegistry(registry);
        _vms = make.CreateGauge("autoprovision_vms", "VMs by their state.", "state");
        _pending = make.CreateGauge("autoprovision_webhook_pending_events", "Events that a webhook has not taken yet.", "webhook");
        _events = make.CreateCounter("autoprovision_events_total", "Events of VMs by their type.", "type");
        _creations = make.CreateHistogram("autoprovision_vm_creation_duration_seconds", "From the request to the VM's first outcome: ready, degraded or failed.", Labelled("outcome"));
        _steps = make.CreateHistogram("autoprovision_step_duration_seconds", "Steps of making a VM; completed, failed or undone.", Labelled("step", "outcome"));
        _operations = make.CreateHistogram("autoprovision_operation_duration_seconds", "Operations on VMs; completed or failed.", Labelled("operation", "outcome"));
        DotNetStats.Register(registry);
        registry.AddBeforeCollectCallback(Look);
    }

    /// <summary>Counts an event. Called from one place at a time.</summary>
    public void Observe(VmEvent what)
    {
        _events.WithLabels(what.Type.Name()).Inc();
        if (what.Type == VmEventType.State)
            ObserveState(what);
        var seconds = what.DurationMs / 1000.0;
        if (seconds is null)
            return;
        var outcome = what.Type.Name().Split('.')[^1];
        if (what.Operation is { } operation)
            _operations.WithLabels(operation.Word(), outcome).Observe(seconds.Value);
        else if (what.Step is { } step)
            _steps.WithLabels(step, outcome).Observe(seconds.Value);
    }

    private void ObserveState(VmEvent what)
    {
        if (what.State is VmState.Queued)
            _underWay.Add(what.Vm);
        if (what.State is VmState.Queued or VmState.Provisioning || !_underWay.Remove(what.Vm))
            return;
        if (what.State is VmState.Ready or VmState.Degraded or VmState.Failed && _store.Find(what.Vm) is { } vm)
            _creations.WithLabels(Word(what.State)).Observe((what.At - vm.CreatedAt).TotalSeconds);
    }

    private void Look()
    {
        var counts = _store.List().CountBy(vm => vm.State).ToDictionary();
        foreach (var state in Enum.GetValues<VmState>().Where(state => state != VmState.Deleted))
            _vms.WithLabels(Word(state)).Set(counts.GetValueOrDefault(state));
        foreach (var webhook in _webhooks.List())
            _pending.WithLabels(webhook.Name).Set(webhook.Pending);
    }

    private static string Word(VmState state) => state.ToString().ToLowerInvariant();

    private static HistogramConfiguration Labelled(params string[] names) => new() { LabelNames = names, Buckets = Buckets };
}
