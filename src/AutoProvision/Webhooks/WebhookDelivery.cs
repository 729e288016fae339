using System.Data.Common;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Webhooks;

/// <summary>
/// Brings one endpoint the events in their order, each until it is taken. How far it has come is journalled after each, so that a
/// killed service repeats the last one at most.
/// </summary>
internal sealed partial class WebhookDelivery
{
    private readonly WebhookSender _sender;
    private readonly VmStore _store;
    private readonly WebhooksOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly Uri _url;
    private readonly byte[] _secret;
    private readonly EventFilter _filter;
    private EventReader _reader;
    private WebhookStatus _status;

    /// <summary>Goes on where the endpoint was; a new one begins with the present.</summary>
    public WebhookDelivery(
        string name, WebhookEndpoint endpoint, WebhookSender sender, VmStore store, IOptions<WebhooksOptions> options, TimeProvider time, ILogger<WebhookDelivery> logger)
    {
        (_name, _sender, _store, _options, _time, _logger) = (name, sender, store, options.Value, time, logger);
        _url = new Uri(endpoint.Url);
        _secret = WebhookSignature.ReadSecret(endpoint.Secret)!;
        _filter = EventFilter.All with { Types = endpoint.Types.Select(type => VmEventTypes.Find(type)!.Value).ToHashSet() };
        var events = store.Events;
        var (after, forgotten) = (store.Subscribers.TryGetValue(name, out var kept) ? kept : events.Last, events.Forgotten);
        // The store keeps deleted VMs that a subscriber waits for. Where some types are left out, its place may be before what it did not want.
        if (after < forgotten && _filter.Types.Count == 0)
            LogTrimmed(name, after, forgotten);
        _reader = new EventReader(events, after, EventFilter.All, forgotten);
        _status = new WebhookStatus { Name = name, Url = _url.GetLeftPart(UriPartial.Path), Types = [.. _filter.Types] };
        Keep(_reader.Position, lasting: true);
    }

    public WebhookStatus Status
    {
        get
        {
            var (status, position) = (Volatile.Read(ref _status), Volatile.Read(ref _reader).Position);
            return status with { Position = position, Pending = status.State == WebhookState.Gone ? 0 : _store.Events.CountAfter(position, _filter) };
        }
    }

    /// <summary>Delivers until it is cancelled, or the endpoint wants no more.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (await DeliverAsync(cancellation))
        {
            var (position, trimmed) = (_reader.Position, _store.Events.Forgotten);
            LogTrimmed(_name, position, trimmed);
            Volatile.Write(ref _reader, new EventReader(_store.Events, position, EventFilter.All, trimmed));
        }
    }

    /// <returns>Whether there is more to deliver: a VM had so many events that some went before the endpoint took them.</returns>
    private async Task<bool> DeliverAsync(CancellationToken cancellation)
    {
        await foreach (var what in _reader.ReadAsync(cancellation))
        {
            var isWanted = _filter.Takes(what);
            if (isWanted && !await SettleAsync(what, cancellation))
                return false;
            Keep(what.Position, lasting: isWanted);
        }
        return true;
    }

    /// <summary>Offers an event until it is taken, or too old.</summary>
    /// <returns>Whether to go on with the next one.</returns>
    private async Task<bool> SettleAsync(VmEvent what, CancellationToken cancellation)
    {
        while (!IsGivenUp(what))
        {
            if (await _sender.TryAsync(_url, _secret, what, cancellation) is not { } refusal)
            {
                Succeed();
                return true;
            }
            if (refusal.IsGone)
            {
                Retire(refusal.Failure);
                return false;
            }
            await Task.Delay(Fail(what, refusal), _time, cancellation);
        }
        Drop(what);
        return true;
    }

    // What waited while the service was down is offered at least once.
    private bool IsGivenUp(VmEvent what) => _status.State == WebhookState.Retrying && _time.GetUtcNow() - what.At > _options.MaxAge;

    private void Succeed()
    {
        if (_status.State == WebhookState.Retrying)
            LogBack(_name, _status.Failures);
        Show(_status with { State = WebhookState.Active, DeliveredAt = _time.GetUtcNow(), Failures = 0, Failure = null, NextAttemptAt = null });
    }

    private TimeSpan Fail(VmEvent what, WebhookRefusal refusal)
    {
        if (_status.State == WebhookState.Active)
            LogFailed(_name, what.Position, refusal.Failure.Cause);
        var delay = WebhookBackoff.Delay(_options, _name, _status.Failures + 1, refusal.RetryAfter);
        Show(_status with { State = WebhookState.Retrying, Failures = _status.Failures + 1, Failure = refusal.Failure, NextAttemptAt = _time.GetUtcNow() + delay });
        return delay;
    }

    private void Drop(VmEvent what)
    {
        LogDropped(_name, what.Position, what.Type.Name(), what.Vm, _options.MaxAge);
        Show(_status with { Dropped = _status.Dropped + 1 });
    }

    private void Retire(Failure failure)
    {
        LogGone(_name);
        Show(_status with { State = WebhookState.Gone, Failures = _status.Failures + 1, Failure = failure, NextAttemptAt = null });
        _store.RemoveSubscriber(_name);
    }

    // A place that could not be written costs repeats after a restart, and nothing else.
    private void Keep(long position, bool lasting)
    {
        try
        {
            _store.KeepSubscriber(_name, position, lasting);
        }
        catch (Exception e) when (e is FailureException or DbException)
        {
            LogNotKept(_name, position, e.Message);
        }
    }

    private void Show(WebhookStatus status) => Volatile.Write(ref _status, status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name} did not take event {Position}; it is offered again, and that is not logged again until one is taken: {Cause}")]
    private partial void LogFailed(string name, long position, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Webhook {Name} takes events again, after {Failures} failures")]
    private partial void LogBack(string name, int failures);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name}: event {Position} ({Type} of VM {Vm}) is dropped: it was not taken for {MaxAge}")]
    private partial void LogDropped(string name, long position, string type, Guid vm, TimeSpan maxAge);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name} has come to event {Position}; of those up to {Trimmed} some were not kept so long, since their VM had more than Vms:MaxEvents. It goes on with the others")]
    private partial void LogTrimmed(string name, long position, long trimmed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name} answered 410 Gone: it gets nothing more until the service starts the next time; take it out of the settings")]
    private partial void LogGone(string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Name} has come to event {Position}, but that could not be journalled; a restart now would repeat some: {Cause}")]
    private partial void LogNotKept(string name, long position, string cause);
}
