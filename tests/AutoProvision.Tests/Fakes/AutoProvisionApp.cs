using AutoProvision.Hypervisors;
using AutoProvision.Processes;
using AutoProvision.Ssh;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Fakes;

/// <summary>The service as Program.cs builds it, with the host's fakes where the host begins.</summary>
internal sealed class AutoProvisionApp(FakeHost host, (string Key, string Value)[] settings) : WebApplicationFactory<Program>
{
    /// <summary>What a test adds to the service's parts, after the fakes.</summary>
    public Action<IServiceCollection>? Also { get; init; }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in Defaults().Concat(settings))
            builder.UseSetting(key, value);
        builder.ConfigureTestServices(services =>
        {
            services.Replace(ServiceDescriptor.Singleton<IHypervisor>(host.Hypervisor));
            services.Replace(ServiceDescriptor.Singleton<INetworks>(host.Hypervisor));
            services.Replace(ServiceDescriptor.Singleton<IDomainControl>(host.Hypervisor));
            services.Replace(ServiceDescriptor.Singleton<IDomainEvents>(host.Hypervisor.Events));
            services.Replace(ServiceDescriptor.Singleton<ISshConnector>(host.Guests));
            services.Replace(ServiceDescriptor.Singleton<IProcessRunner>(host.Tools));
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(host.Time));
            services.Replace(ServiceDescriptor.Singleton(LoggerFactory.Create(logging => logging.AddProvider(host.Log))));
            FaultyStep.WrapAll(services, host.Steps);
            Also?.Invoke(services);
        });
    }

    private IEnumerable<(string Key, string Value)> Defaults() =>
    [
        // A watcher for each of hundreds of services would use up the user's inotify instances.
        ("hostBuilder:reloadConfigOnChange", "false"),
        // For tests on Kestrel. Its port as an argument of UseKestrel would race with the server's start (dotnet/aspnetcore#67714).
        ("Urls", "http://127.0.0.1:0"),
        ("AutoProvision:DataDirectory", host.DataDirectory),
        ("Libvirt:PoolDirectory", host.PoolDirectory),
        ("Images:Directory", Path.Combine(host.DataDirectory, "images")),
        ("Images:Catalog:tiny:Path", host.ImagePath),
        ("Images:Catalog:tiny:User", "tester"),
        ("Vms:DefaultImage", "tiny"),
        ("Ssh:AgentSocket", "/run/agent"),
    ];
}
