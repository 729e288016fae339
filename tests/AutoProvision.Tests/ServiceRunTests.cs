using System.Net;
using System.Net.Sockets;
using AutoProvision.Fakes;

namespace AutoProvision;

public sealed class ServiceRunTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-start-");

    private string DataDirectory => $"--AutoProvision:DataDirectory={_root.FullName}";

    private string PoolDirectory => $"--Libvirt:PoolDirectory={Path.Combine(_root.FullName, "pool")}";

    public void Dispose() => _root.Delete(recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_damaged_journal_is_told_with_what_to_do()
    {
        var journal = Path.Combine(_root.FullName, "journal.db");
        await File.WriteAllTextAsync(journal, "This is no SQLite file at all.", TestContext.Current.CancellationToken);

        var told = await ServiceProcess.FailToStartAsync(DataDirectory, PoolDirectory);

        Assert.All(["journal_damaged", journal, "backup"], words => Assert.Contains(words, told, StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_port_that_is_taken_is_told()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var told = await ServiceProcess.FailToStartAsync(DataDirectory, PoolDirectory, $"--Urls=http://{other.LocalEndpoint}");

        Assert.All(["start_failed", other.LocalEndpoint.ToString()!, "Urls"], words => Assert.Contains(words, told, StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_data_directory_that_cannot_be_made_is_told()
    {
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "file"), "", TestContext.Current.CancellationToken);

        Assert.Contains("start_failed", await ServiceProcess.FailToStartAsync($"{DataDirectory}/file", PoolDirectory), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task It_starts_again_on_what_a_kill_left_and_stops_when_asked()
    {
        (string, string)[] settings = [("AutoProvision:DataDirectory", _root.FullName), ("Libvirt:PoolDirectory", Path.Combine(_root.FullName, "pool"))];
        await using var first = await RunningService.StartAsync(RunningService.Program, settings);
        first.Kill();
        Assert.Equal(RunningService.Killed, await first.WaitForExitAsync());

        await using var second = await RunningService.StartAsync(RunningService.Program, settings);
        // Another data directory, but the same pool.
        Assert.Contains("pool_in_use", await ServiceProcess.FailToStartAsync($"{DataDirectory}/other", PoolDirectory), StringComparison.Ordinal);
        Assert.Equal(0, await second.StopAsync());
    }
}
