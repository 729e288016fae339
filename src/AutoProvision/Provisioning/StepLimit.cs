using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>How long a step may take for one VM.</summary>
/// <param name="Time">The limit that holds.</param>
/// <param name="Hint">Where it was set, and where it can be set instead.</param>
public sealed record StepLimit(TimeSpan Time, string Hint)
{
    public static StepLimit Image(Vm vm, TimeoutOptions settings) => Of(vm.Spec.Timeouts.ImageSeconds, "imageSeconds", settings.Image, nameof(settings.Image));

    public static StepLimit Domain(Vm vm, TimeoutOptions settings) => Of(vm.Spec.Timeouts.DomainSeconds, "domainSeconds", settings.Domain, nameof(settings.Domain));

    public static StepLimit Address(Vm vm, TimeoutOptions settings) => Of(vm.Spec.Timeouts.AddressSeconds, "addressSeconds", settings.Address, nameof(settings.Address));

    public static StepLimit Ssh(Vm vm, TimeoutOptions settings) => Of(vm.Spec.Timeouts.SshSeconds, "sshSeconds", settings.Ssh, nameof(settings.Ssh));

    public static StepLimit CloudInit(Vm vm, TimeoutOptions settings) => Of(vm.Spec.Timeouts.CloudInitSeconds, "cloudInitSeconds", settings.CloudInit, nameof(settings.CloudInit));

    /// <summary>Keys, seed, disk and agent, which take a moment.</summary>
    public static StepLimit Preparation(TimeoutOptions settings) =>
        new(settings.Preparation, $"The service's limit of {settings.Preparation.TotalSeconds:0.#} s held: Provisioning:Timeouts:Preparation.");

    private static StepLimit Of(int? seconds, string field, TimeSpan otherwise, string setting) => seconds is { } own
        ? new(TimeSpan.FromSeconds(own), $"The VM's own limit of {own} s held: timeouts.{field} of its request.")
        : new(otherwise, $"The service's limit of {otherwise.TotalSeconds:0.#} s held: Provisioning:Timeouts:{setting}; timeouts.{field} of a request sets one VM's own.");
}
