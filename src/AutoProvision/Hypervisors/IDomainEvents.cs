using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>What happens to domains, told as it happens. A hint to look at them and nothing more: some of it may be missed.</summary>
public interface IDomainEvents
{
    /// <summary>Watches until it is cancelled or cannot go on.</summary>
    /// <param name="begun">Called once, when the watch has begun: what happened before was not seen.</param>
    /// <param name="happened">Given the name of each domain, ours or not, that was defined, removed, started, stopped, paused or resumed.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="FailureException">The watch could not begin, or has ended; <c>hypervisor_unavailable</c> when the hypervisor does not answer any more.</exception>
    Task WatchAsync(Action begun, Action<string> happened, CancellationToken cancellation);
}
