using System.Collections.Concurrent;
using System.Text.Json;
using AutoProvision.Processes;

namespace AutoProvision.Images;

/// <summary>Looks into image files with qemu-img, and refuses those that reach outside themselves. Answers are kept while a file's time and length stay.</summary>
internal sealed class ImageInspector(IProcessRunner processes)
{
    private readonly ConcurrentDictionary<string, (DateTime Written, long Length, QemuImageInfo Info)> _seen = new();

    /// <exception cref="Vms.FailureException"><c>image_unsafe</c> when the image names another file, <c>image_unreadable</c> when it is no qcow2 or raw image.</exception>
    public async Task<QemuImageInfo> InspectAsync(string path, CancellationToken cancellation)
    {
        var file = new FileInfo(path);
        if (_seen.TryGetValue(path, out var known) && known.Written == file.LastWriteTimeUtc && known.Length == file.Length)
            return known.Info;
        var info = await AskAsync(path, cancellation);
        Check(path, info);
        _seen[path] = (file.LastWriteTimeUtc, file.Length, info);
        return info;
    }

    private async Task<QemuImageInfo> AskAsync(string path, CancellationToken cancellation)
    {
        // --force-share: a file of the operator's may be open elsewhere; this only reads.
        var result = await processes.RunAsync(new("qemu-img", "info", "--output=json", "--force-share", path), cancellation);
        if (!result.Succeeded)
            throw ImageFailures.Unreadable(path, $"qemu-img ended with {result.ExitCode}.", result.Evidence);
        try
        {
            return QemuImageInfo.Parse(result.Output);
        }
        catch (JsonException e)
        {
            throw ImageFailures.Unreadable(path, $"qemu-img's answer was not understood ({e.Message}).", result.Evidence);
        }
    }

    private static void Check(string path, QemuImageInfo info)
    {
        if (info.BackingFile is { } backing)
            throw ImageFailures.Unsafe(path, $"it is a layer on another file, '{backing}'.");
        if (info.DataFile is { } data)
            throw ImageFailures.Unsafe(path, $"its data is in another file, '{data}'.");
        if (info.Encrypted)
            throw ImageFailures.Unreadable(path, "it is encrypted.");
        if (info.Format is not ("qcow2" or "raw"))
            throw ImageFailures.Unreadable(path, $"its format is {info.Format}.");
    }
}
