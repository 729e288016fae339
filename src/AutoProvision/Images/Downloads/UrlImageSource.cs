namespace AutoProvision.Images.Downloads;

/// <summary>
/// An image from an address, verified before it gets its name. The name holds the checksum's start (NAME.0123456789ab.qcow2): a newer
/// image never takes the place of one that VMs' disks are layers on.
/// </summary>
internal sealed class UrlImageSource(ImageDirectory directory, ChecksumLookup checksums, Downloader downloader) : IImageSource
{
    public string Kind => "url";

    public string? Find(string name, ImageDefinition image)
    {
        if (SideFile.Read<DownloadRecord>(RecordPath(name)) is not { } record || !record.Answers(image))
            return null;
        var file = new FileInfo(directory.PathOf(Path.GetFileName(record.File)));
        return file.Exists && file.Length == record.Length ? file.FullName : null;
    }

    public async Task<string> FetchAsync(string name, ImageDefinition image, IProgress<ImageProgress> progress, CancellationToken cancellation)
    {
        using var held = await directory.LockAsync(name, cancellation);
        if (Find(name, image) is { } fetched)
            return fetched;
        progress.Report(new(ImageProgress.Downloading, null, null, image.Url));
        var expected = await checksums.ExpectedAsync(image, cancellation);
        var part = new PartialDownload(directory.PathOf(name + ".part"));
        var actual = await downloader.DownloadAsync(new(new(image.Url!), expected, part, progress), cancellation);
        Verify(image, expected, actual, part);
        var path = await directory.PublishAsync(part.Path, $"{name}.{expected.Hex[..12]}.qcow2", cancellation);
        SideFile.Write(RecordPath(name), DownloadRecord.For(image, expected, path));
        part.Done();
        return path;
    }

    private string RecordPath(string name) => directory.PathOf(name + ".json");

    private static void Verify(ImageDefinition image, ImageChecksum expected, ImageChecksum actual, PartialDownload part)
    {
        if (actual == expected)
            return;
        part.Delete();
        throw ImageFailures.ChecksumMismatch(new(image.Url!), expected.Algorithm.Name!, expected.Hex, actual.Hex);
    }
}
