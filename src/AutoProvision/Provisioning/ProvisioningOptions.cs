using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>Section <c>Provisioning</c> of the settings.</summary>
public sealed class ProvisioningOptions
{
    public const string Section = "Provisioning";

    /// <summary>How many VMs are made at the same time; booting more at once than there are cores makes all of them late.</summary>
    [Range(1, 64, ErrorMessage = "Provisioning:Concurrency must be between 1 and 64.")]
    public int Concurrency { get; set; } = 4;

    /// <summary>How many VMs are torn down at the same time.</summary>
    [Range(1, 64, ErrorMessage = "Provisioning:TeardownConcurrency must be between 1 and 64.")]
    public int TeardownConcurrency { get; set; } = 4;

    /// <summary>How many VMs may wait for their turn; one more is refused with 429.</summary>
    [Range(0, 10_000, ErrorMessage = "Provisioning:QueueCapacity must be between 0 and 10000.")]
    public int QueueCapacity { get; set; } = 64;

    /// <summary>How many VMs may be unfinished: those that wait, and those that are being made.</summary>
    public int MostUnfinished => QueueCapacity + Concurrency;

    /// <summary>How long a deleted VM and its events can still be read.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00", ErrorMessage = "Provisioning:DeletedRetention must be between zero and 365 days.")]
    public TimeSpan DeletedRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Pause before tear-down tries again what it could not undo.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00", ErrorMessage = "Provisioning:TeardownRetry must be between 10 ms and a day.")]
    public TimeSpan TeardownRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long jobs in flight may take to reach the end of their step when the service is stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Provisioning:ShutdownTimeout must be between a second and an hour.")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two comparisons of the VMs with the hypervisor's domains.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Provisioning:ReconcileInterval must be between 1 s and a day.")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromMinutes(1);

    public TimeoutOptions Timeouts { get; set; } = new();
}

/// <summary>Each wait's own deadline. The defaults leave room for guests under emulation.</summary>
public sealed class TimeoutOptions
{
    /// <summary>Fetching or building the base image, when it is not there yet.</summary>
    public TimeSpan Image { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Making keys, seed image or disk.</summary>
    public TimeSpan Preparation { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Copying the disks of another VM, and waiting until that is free.</summary>
    public TimeSpan Copy { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>virt-install.</summary>
    public TimeSpan Domain { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>From the domain's start to its address.</summary>
    public TimeSpan Address { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>From the address to a command that ran over SSH.</summary>
    public TimeSpan Ssh { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>From SSH to cloud-init's end, the caller's packages and commands included.</summary>
    public TimeSpan CloudInit { get; set; } = TimeSpan.FromMinutes(20);

    /// <summary>Undoing one step.</summary>
    public TimeSpan Undo { get; set; } = TimeSpan.FromMinutes(1);
}

internal sealed class TimeoutOptionsValidator : IValidateOptions<ProvisioningOptions>
{
    // Far below the 49 days that a timer can be set to.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, ProvisioningOptions options)
    {
        var faults = All(options.Timeouts)
            .Where(timeout => timeout.Value <= TimeSpan.Zero || timeout.Value > Longest)
            .Select(timeout => $"Provisioning:Timeouts:{timeout.Name} is {timeout.Value}; it has to be above zero and at most a day.")
            .ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<(string Name, TimeSpan Value)> All(TimeoutOptions timeouts) =>
    [
        (nameof(timeouts.Image), timeouts.Image),
        (nameof(timeouts.Preparation), timeouts.Preparation),
        (nameof(timeouts.Copy), timeouts.Copy),
        (nameof(timeouts.Domain), timeouts.Domain),
        (nameof(timeouts.Address), timeouts.Address),
        (nameof(timeouts.Ssh), timeouts.Ssh),
        (nameof(timeouts.CloudInit), timeouts.CloudInit),
        (nameof(timeouts.Undo), timeouts.Undo),
    ];
}
