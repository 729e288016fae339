namespace AutoProvision.HostTests.Support;

/// <summary>Everything on the host that a VM could leave behind, as lines that two looks can be compared by.</summary>
public static class HostSnapshot
{
    public static async Task<IReadOnlyList<string>> TakeAsync(HostApp app)
    {
        var domains = await Tool.VirshAsync("list", "--all", "--uuid", "--name");
        var leases = await Tool.VirshAsync("net-dhcp-leases", "default");
        var pools = await Tool.VirshAsync("pool-list", "--all", "--name");
        return
        [
            .. Lines("domain", domains),
            // The first two columns are the time at which the lease runs out.
            .. Lines("lease", leases).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where((_, column) => column is not (1 or 2)))),
            .. Lines("storage pool", pools),
            .. Files(app.PoolDirectory),
            .. Files(app.DataDirectory).Where(file => !Path.GetFileName(file).StartsWith("journal.db", StringComparison.Ordinal)),
        ];
    }

    /// <summary>What has come since; what others took away meanwhile is no matter.</summary>
    public static async Task<IReadOnlyList<string>> NewSinceAsync(HostApp app, IReadOnlyList<string> before) =>
        [.. (await TakeAsync(app)).Except(before)];

    private static IEnumerable<string> Lines(string kind, string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order().Select(line => $"{kind} {line}");

    private static IEnumerable<string> Files(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order() : [];
}
