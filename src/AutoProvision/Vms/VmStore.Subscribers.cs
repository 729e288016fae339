namespace AutoProvision.Vms;

// How far those have come who are to miss no event.
public sealed partial class VmStore
{
    /// <summary>How far the subscribers have come, by name: those who are to miss no event, however long they are away.</summary>
    public IReadOnlyDictionary<string, long> Subscribers
    {
        get
        {
            using (Enter())
                return _subscribers.ToDictionary();
        }
    }

    /// <summary>Keeps how far a subscriber has come; no VM is forgotten of which it has not had the last event.</summary>
    /// <param name="name">The subscriber.</param>
    /// <param name="position">Where it is.</param>
    /// <param name="lasting">Whether a restart has to know it. It need not, of what the subscriber did not want.</param>
    /// <exception cref="FailureException"><c>journal_full</c>: kept until the process ends.</exception>
    public void KeepSubscriber(string name, long position, bool lasting)
    {
        using (Enter())
        {
            _subscribers[name] = position;
            if (lasting)
                _journal.KeepSubscriber(name, position);
        }
    }

    /// <summary>Forgets a subscriber; an unknown one is fine.</summary>
    public void RemoveSubscriber(string name)
    {
        using (Enter())
        {
            _subscribers.Remove(name);
            try
            {
                _journal.RemoveSubscriber(name);
            }
            catch (FailureException e) when (e.Code == VmFailures.JournalFull)
            {
                // It is there again after a restart, and is removed then.
            }
        }
    }
}
