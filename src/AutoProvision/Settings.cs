using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using AutoProvision.Webhooks;
using Microsoft.Extensions.Options;

namespace AutoProvision;

/// <summary>Start-up's look at the settings.</summary>
public static class Settings
{
    private static readonly Dictionary<string, (Type Type, Action<IServiceProvider> Read)> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        [ServiceOptions.Section] = (typeof(ServiceOptions), Read<ServiceOptions>),
        [VmOptions.Section] = (typeof(VmOptions), Read<VmOptions>),
        [AdmissionOptions.Section] = (typeof(AdmissionOptions), Read<AdmissionOptions>),
        [ProvisioningOptions.Section] = (typeof(ProvisioningOptions), Read<ProvisioningOptions>),
        [LibvirtOptions.Section] = (typeof(LibvirtOptions), Read<LibvirtOptions>),
        [SshOptions.Section] = (typeof(SshOptions), Read<SshOptions>),
        [ImagesOptions.Section] = (typeof(ImagesOptions), Read<ImagesOptions>),
        [WebhooksOptions.Section] = (typeof(WebhooksOptions), Read<WebhooksOptions>),
    };

    /// <summary>Validates every section before anything is built on one, so that all that is wrong is said in one message.</summary>
    /// <exception cref="OptionsValidationException">Names every fault of every section.</exception>
    public static void Check(IServiceProvider services)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        List<string> faults =
        [
            .. UnknownSettings.Beside(configuration, Sections.ToDictionary(section => section.Key, section => section.Value.Type, StringComparer.OrdinalIgnoreCase)),
            .. Sections.SelectMany(section => UnknownSettings.Below(configuration.GetSection(section.Key), section.Value.Type).Concat(Faults(section.Value.Read, services))),
        ];
        if (faults.Count > 0)
            throw new OptionsValidationException("settings", typeof(ServiceOptions), faults);
    }

    private static void Read<T>(IServiceProvider services)
        where T : class => _ = services.GetRequiredService<IOptions<T>>().Value;

    private static IEnumerable<string> Faults(Action<IServiceProvider> section, IServiceProvider services)
    {
        try
        {
            section(services);
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures;
        }
        // The binder's, which ends at a section's first value of the wrong type and names it.
        catch (InvalidOperationException e)
        {
            return [e.Message];
        }
    }
}
