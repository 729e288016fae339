namespace AutoProvision.Images.Downloads;

/// <summary>NAME.json beside a downloaded image: what it is and where it came from, so that a changed catalogue is noticed.</summary>
/// <param name="Url">As in the catalogue then.</param>
/// <param name="ChecksumUrl">As in the catalogue then.</param>
/// <param name="Checksum">Hex, as verified.</param>
/// <param name="File">The image's file name in the same directory.</param>
/// <param name="Length">Its length in bytes.</param>
internal sealed record DownloadRecord(string Url, string? ChecksumUrl, string Checksum, string File, long Length)
{
    public static DownloadRecord For(ImageDefinition image, ImageChecksum checksum, string path) =>
        new(image.Url!, Given(image.ChecksumUrl), checksum.Hex, Path.GetFileName(path), new FileInfo(path).Length);

    public bool Answers(ImageDefinition image) =>
        Url == image.Url && ChecksumUrl == Given(image.ChecksumUrl) && (ImageChecksum.Pinned(image) is not { } pinned || pinned.Hex == Checksum);

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
