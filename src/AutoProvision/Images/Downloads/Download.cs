namespace AutoProvision.Images.Downloads;

/// <summary>One file to bring: from where, what it must be, and where its bytes gather.</summary>
internal sealed record Download(Uri Url, ImageChecksum Expected, PartialDownload Part, IProgress<ImageProgress> Progress);
