using System.Collections.Concurrent;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// Which run of its domain each VM that is on was last seen in. Another one, where nobody here has switched it, means that somebody
/// else switched it off and on again between two looks.
/// </summary>
public sealed class DomainRuns(IHypervisor hypervisor)
{
    private readonly ConcurrentDictionary<Guid, int> _seen = new();

    /// <summary>Whether the domain runs and was started since it was last seen.</summary>
    public bool IsAnother(DomainInfo domain) => domain.Run is { } run && _seen.TryGetValue(domain.Id, out var before) && before != run;

    /// <remarks>A domain may have been started while it was looked at, so that it has no number yet: the next look compares with the old one.</remarks>
    public void See(DomainInfo domain)
    {
        if (domain.Run is { } run)
            _seen[domain.Id] = run;
    }

    /// <summary>For whoever has switched a domain, while the VM is not free yet: what is there now is our own doing. Throws nothing, as that is done.</summary>
    public async Task LookAsync(Guid id, CancellationToken cancellation)
    {
        // Where nobody can tell, or there is no time to ask, the next look is the first.
        _seen.TryRemove(id, out _);
        try
        {
            foreach (var domain in (await hypervisor.ListDomainsAsync(cancellation)).Where(domain => domain.Id == id))
                See(domain);
        }
        catch (Exception e) when (e is FailureException or OperationCanceledException)
        {
        }
    }

    public void ForgetAllBut(IReadOnlySet<Guid> known)
    {
        foreach (var id in _seen.Keys.Where(id => !known.Contains(id)))
            _seen.TryRemove(id, out _);
    }
}
