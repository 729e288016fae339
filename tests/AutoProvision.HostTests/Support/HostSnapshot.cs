namespace AutoProvision.HostTests.Support;

/// <summary>
/// Everything on the host that this service's VMs could leave behind, as lines that two looks can be compared by. Domains count
/// that stand on files in its pool, with their snapshots; leases and reserved addresses that belong to its MACs. Others may use the
/// same host meanwhile.
/// </summary>
public static class HostSnapshot
{
    public static async Task<IReadOnlyList<string>> TakeAsync(IServiceHost app)
    {
        var pools = await Tool.VirshAsync("pool-list", "--all", "--name");
        return
        [
            .. await DomainsAsync(app.PoolDirectory),
            .. await NetworksAsync(app.Macs),
            .. Lines(pools).Select(line => $"storage pool {line}"),
            .. Entries(app.PoolDirectory),
            .. Entries(app.DataDirectory).Where(entry => !Path.GetFileName(entry).StartsWith("journal.db", StringComparison.Ordinal)),
        ];
    }

    /// <summary>What has come since; what others took away meanwhile is no matter. A lease of IPv6 runs out by itself: it can only be given back in the guest's own name.</summary>
    public static async Task<IReadOnlyList<string>> NewSinceAsync(IServiceHost app, IReadOnlyList<string> before) =>
        [.. (await TakeAsync(app)).Except(before).Where(line => !(line.StartsWith("lease ", StringComparison.Ordinal) && line.Contains(" ipv6 ", StringComparison.Ordinal)))];

    private static async Task<IReadOnlyList<string>> DomainsAsync(string pool)
    {
        var ours = new List<string>();
        foreach (var id in Lines(await Tool.VirshAsync("list", "--all", "--uuid")))
        {
            // One that went since the list was made is none of ours any more.
            var described = await Tool.TryVirshAsync("dumpxml", id);
            if (described.Output.Contains(pool, StringComparison.Ordinal))
            {
                ours.Add($"domain {id}");
                ours.AddRange(Lines((await Tool.TryVirshAsync("snapshot-list", "--name", id)).Output).Select(name => $"snapshot {id} {name}"));
            }
        }
        return ours;
    }

    // A network that goes meanwhile was another test's own.
    private static async Task<IReadOnlyList<string>> NetworksAsync(IReadOnlyCollection<string> macs)
    {
        var ours = new List<string>();
        foreach (var network in Lines(await Tool.VirshAsync("net-list", "--all", "--name")))
        {
            ours.AddRange(await OfAsync("lease", "net-dhcp-leases", network));
            ours.AddRange(await OfAsync("reserved now", "net-dumpxml", network));
            ours.AddRange(await OfAsync("reserved", "net-dumpxml", "--inactive", network));
        }
        return ours;

        async Task<IEnumerable<string>> OfAsync(string what, params string[] command) =>
            Lines((await Tool.TryVirshAsync(command)).Output).Where(line => macs.Any(line.Contains)).Select(line => $"{what} {command[^1]} {line}");
    }

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order();

    // Directories too, but for the two that stay when they are empty.
    private static IEnumerable<string> Entries(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Where(entry => Path.GetFileName(entry) != "keys").Order()
        : [];
}
