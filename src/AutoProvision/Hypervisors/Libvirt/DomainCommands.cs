using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Runs virsh's commands on one domain, and tells a domain that is gone from a command that was refused.</summary>
public sealed class DomainCommands(Virsh virsh, DomainList domains)
{
    /// <summary>Whether the domain runs.</summary>
    /// <exception cref="FailureException"><c>domain_missing</c> and those of <see cref="DomainList"/>.</exception>
    public async Task<DomainPower> PowerAsync(Guid id, CancellationToken cancellation) =>
        await domains.LookAsync(id, cancellation) ?? throw new FailureException(GuestDiagnosis.Missing());

    /// <param name="id">The domain.</param>
    /// <param name="command">virsh's command; what it takes beside the domain has its option's name before it.</param>
    /// <param name="cancellation">Ends virsh; libvirt may go on with what it was asked for.</param>
    /// <param name="unless">What libvirt says when there is nothing to do: that is success.</param>
    /// <param name="timeout">Its own time; null is that of every call.</param>
    /// <returns>Whether it was done; not where there was nothing to do.</returns>
    /// <exception cref="FailureException"><c>domain_missing</c>, <c>disk_full</c>, <c>tool_timeout</c> and those of <see cref="DomainList"/>.</exception>
    public async Task<bool> RunAsync(Guid id, IReadOnlyList<string> command, CancellationToken cancellation, string? unless = null, TimeSpan? timeout = null)
    {
        string[] arguments = [command[0], "--domain", id.ToString(), .. command.Skip(1)];
        var result = timeout is { } own ? await virsh.TryAsync(own, cancellation, arguments) : await virsh.TryAsync(cancellation, arguments);
        if (result.Succeeded)
            return true;
        if (unless is not null && result.Error.Contains(unless, StringComparison.Ordinal))
            return false;
        PoolFailures.ThrowIfFull($"virsh {command[0]}", result);
        if (!await domains.HasAsync(id, cancellation))
            throw new FailureException(GuestDiagnosis.Missing(result.Evidence));
        throw Virsh.Refused($"virsh {command[0]}", result);
    }
}
