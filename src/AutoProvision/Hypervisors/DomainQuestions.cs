namespace AutoProvision.Hypervisors;

/// <summary>What is asked of one domain alone.</summary>
/// <remarks>Both throw what <see cref="IHypervisor.ListDomainsAsync"/> throws.</remarks>
public static class DomainQuestions
{
    /// <returns>Null when there is no such domain.</returns>
    public static async Task<DomainPower?> FindPowerAsync(this IHypervisor hypervisor, Guid id, CancellationToken cancellation) =>
        (await hypervisor.ListDomainsAsync(cancellation)).FirstOrDefault(domain => domain.Id == id)?.Power;

    /// <summary>Whether there is such a domain, and it runs or is paused.</summary>
    public static async Task<bool> IsOnAsync(this IHypervisor hypervisor, Guid id, CancellationToken cancellation) =>
        await hypervisor.FindPowerAsync(id, cancellation) is not (null or DomainPower.Stopped);
}
