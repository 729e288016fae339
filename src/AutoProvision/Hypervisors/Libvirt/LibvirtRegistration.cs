namespace AutoProvision.Hypervisors.Libvirt;

public static class LibvirtRegistration
{
    public static IServiceCollection AddLibvirt(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LibvirtOptions>().Bind(configuration.GetSection(LibvirtOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<Virsh>()
            .AddSingleton<DomainList>()
            .AddSingleton<PoolPaths>()
            .AddSingleton<PoolLock>()
            .AddSingleton<PoolMeter>()
            .AddSingleton<OrphanFinder>()
            .AddSingleton<GuestDiagnosis>()
            .AddSingleton<SeedImage>()
            .AddSingleton<DiskImage>()
            .AddSingleton<DiskCopy>()
            .AddSingleton<DomainCommands>()
            .AddSingleton<SnapshotFiles>()
            .AddSingleton<StrayTools>()
            .AddSingleton<DomainMaker>()
            .AddSingleton<DomainRemover>()
            .AddSingleton<Accelerator>()
            .AddSingleton<HostInspector>()
            .AddSingleton<LeaseBook>()
            .AddSingleton(new ArpTable())
            .AddSingleton<GuestAgent>()
            .AddSingleton<GuestAgentExec>()
            .AddSingleton<AddressFinder>()
            .AddSingleton<ConsoleFollower>()
            .AddSingleton<INetworks, LibvirtNetworks>()
            .AddSingleton<IDomainControl, LibvirtControl>()
            .AddSingleton<IDomainEvents, LibvirtEvents>()
            .AddSingleton<IHypervisor>(provider =>
            {
                // Held as long as the service lives.
                _ = provider.GetRequiredService<PoolLock>();
                return ActivatorUtilities.CreateInstance<LibvirtHypervisor>(provider);
            });
    }
}
