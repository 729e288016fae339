namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Which domains there are, and whether they run.</summary>
/// <remarks>Every method throws <c>hypervisor_unavailable</c>, <c>hypervisor_garbled</c> or <c>hypervisor_refused</c>.</remarks>
public sealed class DomainList(Virsh virsh)
{
    public async Task<IReadOnlyList<DomainName>> NamesAsync(CancellationToken cancellation) =>
        VirshTables.Domains(await virsh.ListAsync("list --all --uuid --id --name", cancellation));

    public async Task<bool> HasAsync(Guid id, CancellationToken cancellation) =>
        (await NamesAsync(cancellation)).Any(domain => domain.Id == id);

    public async Task<IReadOnlyList<DomainInfo>> ReadAsync(CancellationToken cancellation)
    {
        var names = await NamesAsync(cancellation);
        var powers = VirshTables.Powers(await virsh.ListAsync("domstats --state --raw", cancellation));
        var domains = new List<DomainInfo>();
        foreach (var (id, name, run) in names)
        {
            // One that was renamed between the two looks is still there; one that went is not.
            var power = powers.TryGetValue(name, out var known) ? known : await LookAsync(id, cancellation);
            if (power is { } it)
                domains.Add(new DomainInfo(id, name, it) { Run = run });
        }
        return domains;
    }

    /// <summary>The domain with this name; null when there is none.</summary>
    public async Task<DomainInfo?> FindAsync(string name, CancellationToken cancellation) =>
        // Not `virsh domuuid NAME`: a name of digits would be taken for a domain's number.
        (await NamesAsync(cancellation)).FirstOrDefault(domain => domain.Name == name) is { } found && await LookAsync(found.Id, cancellation) is { } power
            ? new DomainInfo(found.Id, found.Name, power) { Run = found.Run }
            : null;

    /// <summary>Whether this domain runs; null when it is gone.</summary>
    public async Task<DomainPower?> LookAsync(Guid id, CancellationToken cancellation)
    {
        if (await AskAsync(id, cancellation, "domstats", "--state", "--raw") is not { } output)
            return null;
        return VirshTables.Powers(output) is { Count: 1 } powers ? powers.Values.Single() : throw Virsh.Garbled("domstats", output);
    }

    /// <summary>Runs a virsh command on this domain and gives its output; null when the domain is gone.</summary>
    public async Task<string?> AskAsync(Guid id, CancellationToken cancellation, params IReadOnlyList<string> command)
    {
        var result = await virsh.TryAsync(cancellation, [.. command, id.ToString()]);
        if (result.Succeeded)
            return result.Output;
        // "failed to get domain" may have many reasons: only a whole list tells that it is gone.
        return await HasAsync(id, cancellation) ? throw Virsh.Refused($"virsh {command[0]}", result) : null;
    }
}
