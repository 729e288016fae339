using AutoProvision.Fakes;
using AutoProvision.FakeService;

namespace AutoProvision.FaultTests.Support;

/// <summary>
/// A machine of fakes on disk, which outlives the service's processes on it: journal and keys, and a hypervisor whose domains run
/// on while no service does.
/// </summary>
internal sealed class FakeMachine : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "AutoProvision.FakeService.dll");
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-fault-");
    private readonly List<RunningService> _services = [];

    public FakeMachine() => File.WriteAllText(ImagePath, "an image");

    public string DataDirectory => Path.Combine(_root.FullName, "data");

    public string PoolDirectory => Path.Combine(_root.FullName, "pool");

    /// <summary>What VMs have left, the journal aside: domains, disks, seeds, leases, consoles and files. Empty once all are gone.</summary>
    public IReadOnlyList<string> Traces => [.. new FakeHypervisor(HypervisorFile).Inventory, .. Entries(KeyDirectory), .. Entries(PoolDirectory)];

    /// <summary>Every file and directory of the service's, the journal's aside.</summary>
    public IReadOnlyList<string> Files =>
        [.. Entries(DataDirectory).Concat(Entries(PoolDirectory)).Where(path => !Path.GetFileName(path).StartsWith("journal", StringComparison.Ordinal)).Order()];

    private string HypervisorFile => Path.Combine(_root.FullName, "hypervisor.json");

    private string KeyDirectory => Path.Combine(DataDirectory, "keys");

    private string ImagePath => Path.Combine(_root.FullName, "tiny.img");

    private string ReleaseFile => Path.Combine(_root.FullName, "release");

    /// <summary>Starts the service and waits until it answers.</summary>
    /// <param name="faults">Variables of <see cref="FaultPlan"/>.</param>
    /// <param name="settings">Settings over the machine's own.</param>
    public async Task<RunningService> StartAsync(IEnumerable<(string Name, string Value)>? faults = null, params IEnumerable<(string Key, string Value)> settings) =>
        Keep(await RunningService.StartAsync(Program, [.. Settings, .. settings], Environment(faults)));

    /// <summary>Starts the service, which is to die, maybe before it answers.</summary>
    public RunningService Launch(IEnumerable<(string Name, string Value)> faults) => Keep(RunningService.Launch(Program, Settings, Environment(faults)));

    /// <summary>Lets go on what waits at the points of <see cref="FaultPlan.HoldVariable"/>.</summary>
    public void Release() => File.WriteAllText(ReleaseFile, "");

    public async ValueTask DisposeAsync()
    {
        // Shown where the test failed.
        foreach (var service in _services.TakeLast(2))
            TestContext.Current.TestOutputHelper?.WriteLine(service.Log);
        foreach (var service in _services)
            await service.DisposeAsync();
        _root.Delete(recursive: true);
    }

    private IEnumerable<(string Key, string Value)> Settings =>
    [
        ("AutoProvision:DataDirectory", DataDirectory),
        ("Libvirt:PoolDirectory", PoolDirectory),
        ("Images:Directory", Path.Combine(DataDirectory, "images")),
        ("Images:Catalog:tiny:Path", ImagePath),
        ("Images:Catalog:tiny:User", "tester"),
        ("Vms:DefaultImage", "tiny"),
    ];

    private IEnumerable<(string Name, string Value)> Environment(IEnumerable<(string Name, string Value)>? faults) =>
        [(FaultPlan.HypervisorFileVariable, HypervisorFile), (FaultPlan.ReleaseVariable, ReleaseFile), .. faults ?? []];

    private RunningService Keep(RunningService service)
    {
        _services.Add(service);
        return service;
    }

    private static string[] Entries(string directory) =>
        Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory, "*", SearchOption.AllDirectories) : [];
}
