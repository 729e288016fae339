using AutoProvision.Vms;

namespace AutoProvision.Images;

/// <summary>A complete image that was looked at and found safe to put under a VM.</summary>
/// <param name="Name">As in the catalogue.</param>
/// <param name="Path">Absolute; stays as it is for as long as the service knows of it, since VMs' disks are made on top of it.</param>
/// <param name="Format"><c>qcow2</c> or <c>raw</c>; say it to QEMU rather than let it guess.</param>
/// <param name="VirtualSizeBytes">What a guest sees: a VM's disk cannot be smaller.</param>
/// <param name="User">The image's own user, who may use sudo.</param>
public sealed record BaseImage(string Name, string Path, string Format, long VirtualSizeBytes, string User);

/// <summary>How far the making of an image is.</summary>
/// <param name="Phase"><c>downloading</c>, <c>verifying</c> (what an earlier try left) or <c>building</c>.</param>
/// <param name="Percent">0 to 100, where the whole is known.</param>
/// <param name="Bytes">Bytes so far.</param>
/// <param name="Line">What a build said, or why a download starts again.</param>
public sealed record ImageProgress(string Phase, double? Percent, long? Bytes, string? Line)
{
    public const string Downloading = "downloading";
    public const string Verifying = "verifying";
    public const string Building = "building";
}

public enum ImageState
{
    /// <summary>Not here yet; made when first asked for.</summary>
    Absent,
    Fetching,
    Building,
    Available,
    Failed,
}

/// <summary>One line of the catalogue with what is known of it now.</summary>
/// <param name="Name">As in the catalogue.</param>
/// <param name="Source"><c>file</c>, <c>url</c> or <c>build</c>.</param>
/// <param name="Description">For people.</param>
/// <param name="User">The image's own user, who may use sudo.</param>
/// <param name="State">As of this moment.</param>
/// <param name="Percent">0 to 100 while it is being fetched and the whole is known.</param>
/// <param name="SizeBytes">The file's own size, where it is here.</param>
/// <param name="Failure">Why the last try failed, while nothing has changed since.</param>
public sealed record ImageStatus(
    string Name,
    string Source,
    string Description,
    string User,
    ImageState State,
    double? Percent,
    long? SizeBytes,
    Failure? Failure);
