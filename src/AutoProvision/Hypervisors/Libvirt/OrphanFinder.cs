namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Finds what this service made and no longer knows of: domains by their mark and their disk's place, files by their names.</summary>
public sealed class OrphanFinder(DomainList domains, PoolPaths paths)
{
    /// <param name="isKnown">Asked after everything was listed: a VM is known before anything of it is made.</param>
    /// <param name="cancellation">Ends the look.</param>
    public async Task<IReadOnlyList<Orphan>> FindAsync(Func<Guid, bool> isKnown, CancellationToken cancellation)
    {
        var files = paths.Files().ToLookup(file => file.Id, file => file.Path);
        var listed = await domains.ReadAsync(cancellation);
        var orphans = new List<Orphan>();
        foreach (var domain in listed.Where(domain => !isKnown(domain.Id)))
        {
            if (await DescribeAsync(domain, files[domain.Id], cancellation) is { } orphan)
                orphans.Add(orphan);
        }
        // Files that a domain stands on go with it, or are not ours either.
        orphans.AddRange(files.Select(group => group.Key).Except(listed.Select(domain => domain.Id)).Where(id => !isKnown(id))
            .Select(id => new Orphan(id, Name: null, Power: null, Mac: null, Sorted(files[id]))));
        return [.. orphans.OrderBy(orphan => orphan.Id)];
    }

    // Null for one that is not ours, or went meanwhile.
    private async Task<Orphan?> DescribeAsync(DomainInfo domain, IEnumerable<string> files, CancellationToken cancellation)
    {
        if (await domains.AskAsync(domain.Id, cancellation, "dumpxml") is not { } text)
            return null;
        var xml = DomainXml.Parse(text);
        return xml.Id == domain.Id && xml.IsOurs(paths.Directory)
            ? new Orphan(domain.Id, domain.Name, domain.Power, xml.Nics.Count > 0 ? xml.Nics[0].Mac : null, Sorted(files)) { Nics = xml.Nics }
            : null;
    }

    private static IReadOnlyList<string> Sorted(IEnumerable<string> files) => [.. files.Order(StringComparer.Ordinal)];
}
