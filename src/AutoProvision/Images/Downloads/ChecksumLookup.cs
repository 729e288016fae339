namespace AutoProvision.Images.Downloads;

/// <summary>What checksum an image must have today: the catalogue's own, or its line in the publisher's list.</summary>
internal sealed class ChecksumLookup(Downloader downloader)
{
    public async Task<ImageChecksum> ExpectedAsync(ImageDefinition image, CancellationToken cancellation)
    {
        if (ImageChecksum.Pinned(image) is { } pinned)
            return pinned;
        var list = new Uri(image.ChecksumUrl!);
        var file = Path.GetFileName(new Uri(image.Url!).AbsolutePath);
        var text = await downloader.ReadTextAsync(list, cancellation);
        return ChecksumList.Find(text, Uri.UnescapeDataString(file)) ?? throw ImageFailures.ChecksumNotListed(list, file);
    }
}
