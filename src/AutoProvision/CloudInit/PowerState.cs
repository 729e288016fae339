using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>How a guest goes down.</summary>
public enum PowerMode
{
    Reboot,
    PowerOff,

    /// <summary>It stands still, switched on.</summary>
    Halt,
}

/// <summary>
/// What a caller's user-data asks of the guest's power at the end of cloud-init (<c>power_state</c>; cc_power_state_change, 22.4 to 25.1).
/// When that is done, and whether a condition holds, is the guest's to say.
/// </summary>
/// <param name="Mode">How the guest goes down.</param>
internal sealed record PowerState(PowerMode Mode)
{
    /// <summary>Null where nothing is asked for, and where cloud-init will not do it: no known mode, or a condition that is false.</summary>
    public static PowerState? Of(CallersUserData userData) =>
        CallersMerge.Value(userData, "power_state") is YamlMap asked && ModeOf(asked["mode"]) is { } mode && asked["condition"] is not YamlScalar { Value: false } ? new(mode) : null;

    private static PowerMode? ModeOf(YamlValue? value) => (value as YamlScalar)?.Value switch
    {
        "reboot" => PowerMode.Reboot,
        "poweroff" => PowerMode.PowerOff,
        "halt" => PowerMode.Halt,
        _ => null,
    };
}
