namespace AutoProvision.Ssh;

/// <summary>
/// The channels of one connection. Who finds none free waits for one, unless the guest turned out to allow fewer than we would use
/// (sshd's MaxSessions): then another connection is the better way.
/// </summary>
internal sealed class ChannelPlaces(int most)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _taken;
    private int _allowed = int.MaxValue;

    /// <exception cref="ConnectionFullException">The guest allows no further one.</exception>
    public async Task EnterAsync(CancellationToken cancellation)
    {
        LinkedListNode<TaskCompletionSource> turn;
        lock (_gate)
        {
            if (_taken < Math.Min(most, _allowed))
            {
                _taken++;
                return;
            }
            if (_allowed < most)
                throw new ConnectionFullException();
            turn = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        try
        {
            await turn.Value.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            GiveUp(turn);
            throw;
        }
    }

    public void Leave()
    {
        lock (_gate)
            Pass();
    }

    /// <summary>In place of leaving: the guest opened no channel.</summary>
    /// <returns>Whether there are others on the connection, which then are all that it allows.</returns>
    public bool LeaveRefused()
    {
        lock (_gate)
        {
            _taken--;
            if (_taken == 0)
                return false;
            _allowed = Math.Min(_allowed, _taken);
            foreach (var turn in _waiting)
                turn.SetException(new ConnectionFullException());
            _waiting.Clear();
            return true;
        }
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource> turn)
    {
        lock (_gate)
            if (turn.List is not null)
                _waiting.Remove(turn);
            else if (turn.Value.Task.IsCompletedSuccessfully)
                Pass();
    }

    private void Pass()
    {
        if (_waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            next.Value.SetResult();
        }
        // What the guest allowed once it need not allow for ever, nor refuse: whoever comes when all have left tries again.
        else if (--_taken == 0)
            _allowed = int.MaxValue;
    }
}
