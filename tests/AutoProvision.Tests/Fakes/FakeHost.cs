using Microsoft.Extensions.Hosting;

namespace AutoProvision.Fakes;

/// <summary>
/// The machine a service runs on: directories, hypervisor, guests, SSH agent and clock. It outlives the service, so that a test
/// can start another one where the last one stopped or was killed.
/// </summary>
internal sealed class FakeHost : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-tests-");
    private readonly List<AutoProvisionApp> _apps = [];
    private int _kills;

    public FakeHost()
    {
        Guests = new FakeGuests(Hypervisor);
        DataDirectory = Path.Combine(_root.FullName, "data");
        File.WriteAllText(ImagePath, "an image");
    }

    public FakeHypervisor Hypervisor { get; } = new();

    public FakeGuests Guests { get; }

    public FakeHostTools Tools { get; } = new();

    public ObservedTime Time { get; } = new();

    public FaultPoints Steps { get; } = new();

    public LogRecorder Log { get; } = new();

    public string DataDirectory { get; private set; }

    public string PoolDirectory => Path.Combine(_root.FullName, "pool");

    public string ImagePath => Path.Combine(_root.FullName, "tiny.img");

    /// <summary>What VMs have left on this machine, the journal aside; empty once all are gone.</summary>
    public IReadOnlyList<string> Traces =>
    [
        .. Hypervisor.Inventory,
        .. Tools.AgentKeys.Values.Select(key => $"agent key {key}"),
        .. Entries(Path.Combine(DataDirectory, "keys")),
        .. Entries(PoolDirectory),
        .. Enumerable.Repeat("open SSH connection", Guests.OpenConnections),
    ];

    /// <summary>Starts the service on this machine.</summary>
    public AutoProvisionApp Start(params (string Key, string Value)[] settings)
    {
        var app = new AutoProvisionApp(this, settings);
        _apps.Add(app);
        app.Server.PreserveExecutionContext = false;
        return app;
    }

    /// <summary>Starts the service anew on what a process killed at this very moment would have left on disk.</summary>
    public async Task<AutoProvisionApp> KillAndStartAsync(AutoProvisionApp app, params (string Key, string Value)[] settings)
    {
        await KillAsync(app);
        return Start(settings);
    }

    public async Task KillAsync(AutoProvisionApp app)
    {
        var left = Path.Combine(_root.FullName, $"data-{++_kills}");
        Copy(DataDirectory, left);
        // The old one's jobs are cut off, and all it does from here on is lost with its directory.
        await ((Task)app.Get<IHost>().StopAsync(new CancellationToken(canceled: true))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.DisposeAsync();
        DataDirectory = left;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
            await app.DisposeAsync();
        _root.Delete(recursive: true);
    }

    private static string[] Entries(string directory) =>
        Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory, "*", SearchOption.AllDirectories) : [];

    // While the service goes on making VMs: the journal comes first, for a kill may leave more than was journalled, and never less.
    private static void Copy(string from, string to)
    {
        if (!Directory.Exists(from))
            return;
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            CopyFile(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var directory in Directory.GetDirectories(from))
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
    }

    private static void CopyFile(string from, string to)
    {
        try
        {
            File.Copy(from, to);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Renamed or removed since it was listed.
        }
    }
}
