using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>The connections that carry one command or terminal each, by VM: bounded in number, and closed with the VM.</summary>
public sealed class SshSessions(ISshConnector connector, int mostOfOne)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Place>> _places = [];

    /// <summary>Opens a connection.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="target">As for <see cref="SshConnectionPool.ExecAsync(string, Func{SshTarget}, ExecRequest, CancellationToken)"/>: asked when the place is taken, so no VM is connected to after <see cref="EndAsync(string)"/>.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FailureException"><c>ssh_sessions_exhausted</c>, or as <see cref="ISshConnector.OpenSessionAsync"/>.</exception>
    public async Task<ISshSession> OpenAsync(string id, Func<SshTarget> target, CancellationToken cancellation)
    {
        var place = Take(id);
        try
        {
            var to = target();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, place.Ended);
            try
            {
                place.Session = await connector.OpenSessionAsync(to, either.Token);
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                throw SshFailures.ConnectionLost(to, e);
            }
            // It may have ended between the two: then nobody else closes it.
            if (place.Ended.IsCancellationRequested)
                throw SshFailures.ConnectionLost(to, new IOException("The VM was stopped or deleted."));
            return place;
        }
        catch
        {
            await place.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes all of the VM's.</summary>
    public async Task EndAsync(string id)
    {
        List<Place> all;
        lock (_lock)
            all = [.. _places.GetValueOrDefault(id, [])];
        await Task.WhenAll(all.Select(place => place.EndAsync()));
    }

    /// <summary>Closes all.</summary>
    public async Task EndAsync()
    {
        List<string> all;
        lock (_lock)
            all = [.. _places.Keys];
        await Task.WhenAll(all.Select(EndAsync));
    }

    private Place Take(string id)
    {
        lock (_lock)
        {
            var taken = _places.TryGetValue(id, out var present) ? present : _places[id] = [];
            if (taken.Count >= mostOfOne)
                throw SshFailures.SessionsExhausted(mostOfOne);
            var place = new Place(this, id);
            taken.Add(place);
            return place;
        }
    }

    private void Leave(string id, Place place)
    {
        lock (_lock)
            if (_places.TryGetValue(id, out var taken) && taken.Remove(place) && taken.Count == 0)
                _places.Remove(id);
    }

    private sealed class Place(SshSessions all, string id) : ISshSession
    {
        private readonly CancellationTokenSource _ended = new();

        public CancellationToken Ended => _ended.Token;

        public ISshSession? Session { get; set; }

        public Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation) =>
            Session!.ExecAsync(request, sink, cancellation);

        public Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation) =>
            Session!.OpenTerminalAsync(type, size, cancellation);

        public async Task EndAsync()
        {
            await _ended.CancelAsync();
            if (Session is { } session)
                await session.DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (Session is { } session)
                await session.DisposeAsync();
            all.Leave(id, this);
        }
    }
}
