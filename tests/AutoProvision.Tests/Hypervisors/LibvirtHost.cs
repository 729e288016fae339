using AutoProvision.Fakes;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Hypervisors;

/// <summary>The libvirt parts as the service registers them, on a <see cref="FakeLibvirt"/> and a directory that goes away with it.</summary>
internal sealed class LibvirtHost : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-libvirt-");
    private readonly ServiceProvider _services;

    public LibvirtHost(string? pool = null)
    {
        Pool = pool ?? Path.Combine(_root.FullName, "pool");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Libvirt:PoolDirectory", Pool)]).Build();
        _services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(Log))
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IProcessRunner>(Libvirt)
            .AddLibvirt(configuration)
            .AddSingleton(new ArpTable(File("arp")))
            .BuildServiceProvider(validateScopes: true);
    }

    public string Pool { get; }

    public FakeLibvirt Libvirt { get; } = new();

    public ObservedTime Time { get; } = new();

    public LogRecorder Log { get; } = new();

    public IHypervisor Hypervisor => Get<IHypervisor>();

    public IDomainControl Control => Get<IDomainControl>();

    public INetworks Networks => Get<INetworks>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public string File(string name) => Path.Combine(_root.FullName, name);

    public static string Mode(string path) => Convert.ToString((int)System.IO.File.GetUnixFileMode(path), 8);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _root.Delete(recursive: true);
    }
}
