namespace AutoProvision.Images.Downloads;

/// <summary>Tells of a download at each whole percent, or each 8 MiB where the whole is unknown: listeners write these down.</summary>
internal sealed class ProgressMeter(IProgress<ImageProgress> progress, long? total)
{
    private const long Stride = 8 * 1024 * 1024;
    private long _told = -1;

    public void Report(long bytes)
    {
        var mark = total is > 0 ? bytes * 100 / total.Value : bytes / Stride;
        if (mark == _told)
            return;
        _told = mark;
        progress.Report(new(ImageProgress.Downloading, total is > 0 ? mark : null, bytes, null));
    }
}
