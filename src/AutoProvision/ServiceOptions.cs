using System.ComponentModel.DataAnnotations;

namespace AutoProvision;

/// <summary>Section <c>AutoProvision</c> of the settings.</summary>
public sealed class ServiceOptions
{
    public const string Section = "AutoProvision";

    /// <summary>Where the journal and the VMs' keys are kept.</summary>
    [Required, RegularExpression("/.+", ErrorMessage = "AutoProvision:DataDirectory must be an absolute path.")]
    public string DataDirectory { get; set; } = "/var/lib/autoprovision";
}
