using AutoProvision.Vms.Journal;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

public static class VmRegistration
{
    public static IServiceCollection AddVms(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ServiceOptions>().Bind(configuration.GetSection(ServiceOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<VmOptions>().Bind(configuration.GetSection(VmOptions.Section))
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<AdmissionOptions>().Bind(configuration.GetSection(AdmissionOptions.Section))
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<VmOptions>, VmOptionsValidator>();
        return services
            .AddSingleton(OpenJournal)
            .AddSingleton<VmStore>()
            .AddSingleton<VmRules>()
            .AddSingleton<NetworkRules>()
            .AddSingleton<Admission>()
            .AddSingleton<VmService>()
            .AddSingleton<EventService>()
            .AddSingleton<GuestRoot>()
            .AddSingleton<LostGuests>()
            .AddSingleton<GuestService>()
            .AddSingleton<SizeRules>()
            .AddSingleton<CloneRules>()
            .AddSingleton<OperationService>()
            .AddSingleton<GuestFiles>()
            .AddSingleton<GuestSftp>()
            .AddSingleton<GuestConsole>();
    }

    private static VmJournal OpenJournal(IServiceProvider services)
    {
        var directory = services.GetRequiredService<IOptions<ServiceOptions>>().Value.DataDirectory;
        Directory.CreateDirectory(directory);
        return new VmJournal(Path.Combine(directory, "journal.db"));
    }
}
