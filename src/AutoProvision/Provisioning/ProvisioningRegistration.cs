using AutoProvision.Provisioning.Operations;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Provisioning.Steps;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

public static class ProvisioningRegistration
{
    /// <summary>The queue, its worker, the steps, which run in the order they stand in here, and the reconciliation.</summary>
    public static IServiceCollection AddProvisioning(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ProvisioningOptions>().Bind(configuration.GetSection(ProvisioningOptions.Section))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProvisioningOptions>, TimeoutOptionsValidator>();
        return services
            .AddSingleton<IStep, ImageStep>()
            .AddSingleton<IStep, KeysStep>()
            .AddSingleton<IStep, SeedStep>()
            .AddSingleton<IStep, DiskStep>()
            .AddSingleton<IStep, NetworkStep>()
            .AddSingleton<IStep, DomainStep>()
            .AddSingleton<IStep, AddressStep>()
            .AddSingleton<IStep, SshStep>()
            .AddSingleton<IStep, CloudInitStep>()
            .AddSingleton<IStep, AgentStep>()
            .AddSingleton<IStep, ChecksStep>()
            .AddOperations()
            .AddSingleton<VmAccess>()
            .AddSingleton<JobQueue>()
            .AddSingleton<RunningJobs>()
            .AddSingleton<PersistentJobs>()
            .AddSingleton<StepRunner>()
            .AddSingleton<Teardown>()
            .AddSingleton<Outages>()
            .AddSingleton<GuestWatch>()
            .AddSingleton<HaltedGuests>()
            .AddSingleton<PowerFollower>()
            .AddSingleton<SeenAddresses>()
            .AddSingleton<Resumption>()
            .AddSingleton<Pipeline>()
            .AddSingleton<FailureEvidence>()
            .AddSingleton<Recovery>()
            .AddSingleton<SideJobs>()
            .AddSingleton<Comeback>()
            .AddSingleton<Orphans>()
            .AddSingleton<Absences>()
            .AddSingleton<DomainRuns>()
            .AddSingleton<RoundBell>()
            .AddSingleton<Reconciler>()
            .AddHostedService<ProvisioningWorker>()
            .AddHostedService<OperationWorker>()
            .AddHostedService<Expiry>()
            .AddHostedService<ReconcileWorker>()
            .AddHostedService<DomainWatcher>();
    }

    private static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddSingleton<IOperation, StartOperation>()
        .AddSingleton<IOperation, StopOperation>()
        .AddSingleton<IOperation, RestartOperation>()
        .AddSingleton<IOperation, ResizeOperation>()
        .AddSingleton<IOperation, SnapshotOperation>()
        .AddSingleton<IOperation, RestoreOperation>()
        .AddSingleton<IOperation, DeleteSnapshotOperation>()
        .AddSingleton<IOperation, CloneOperation>()
        .AddSingleton<DiskCopy>()
        .AddSingleton<AddressStep>()
        .AddSingleton<SshStep>()
        .AddSingleton<PowerSwitch>()
        .AddSingleton<OperationRunner>();
}
