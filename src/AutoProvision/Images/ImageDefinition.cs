namespace AutoProvision.Images;

/// <summary>
/// One image of the catalogue: exactly one of <see cref="Path"/>, <see cref="Url"/> and <see cref="Build"/>.
/// An empty string counts as absent, so that an environment variable can take a default away.
/// </summary>
public sealed class ImageDefinition
{
    /// <summary>An absolute path on this host; used in place, never changed.</summary>
    public string? Path { get; set; }

    /// <summary>An http or https address; goes with exactly one of the three checksum settings.</summary>
    public string? Url { get; set; }

    /// <summary>64 hex digits.</summary>
    public string? Sha256 { get; set; }

    /// <summary>128 hex digits.</summary>
    public string? Sha512 { get; set; }

    /// <summary>A list such as SHA256SUMS, SHA512SUMS or Fedora's CHECKSUM that has a line for the address's file name; for images whose content changes under one address.</summary>
    public string? ChecksumUrl { get; set; }

    /// <summary>A script in <see cref="ImagesOptions.ScriptDirectory"/>; its one argument is the file to write.</summary>
    public string? Build { get; set; }

    /// <summary>The image's own user, who may use sudo: debian, ubuntu, fedora.</summary>
    public string User { get; set; } = "debian";

    public string Description { get; set; } = "";

    internal bool HasPath => !string.IsNullOrWhiteSpace(Path);

    internal bool HasUrl => !string.IsNullOrWhiteSpace(Url);

    internal bool HasBuild => !string.IsNullOrWhiteSpace(Build);
}
