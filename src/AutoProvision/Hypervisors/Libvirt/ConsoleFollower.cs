using System.Runtime.CompilerServices;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Reads a console's log through its parts, and goes on while it is written.</summary>
public sealed class ConsoleFollower(PoolPaths paths, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    private const int PieceSize = 64 * 1024;

    // More than virtlogd lets a part become; where QEMU writes the log by itself (stdio_handler of qemu.conf), one grows without end.
    private const long MostOfOne = 4 * 1024 * 1024;

    /// <inheritdoc cref="IHypervisor.ReadConsoleLinesAsync"/>
    public async Task<byte[]?> ReadAsync(Guid id, int lines, CancellationToken cancellation)
    {
        var parts = new ConsoleParts(paths.Console(id)).OpenAll();
        try
        {
            return parts.Count == 0 ? null : await TailAsync(parts, lines, cancellation);
        }
        finally
        {
            parts.ForEach(part => part.Dispose());
        }
    }

    /// <inheritdoc cref="IHypervisor.FollowConsoleAsync"/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> FollowAsync(Guid id, int lines, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var log = new ConsoleParts(paths.Console(id));
        var parts = log.OpenAll();
        if (parts.Count == 0)
            yield break;
        var part = parts[0];
        try
        {
            yield return await TailAsync(parts, lines, cancellation);
            parts.Skip(1).ToList().ForEach(older => older.Dispose());
            while (true)
            {
                // Asked before it is read to its end: once it is over, nobody writes to it any more.
                var isOver = log.IsOver(part);
                await foreach (var piece in RestAsync(part, cancellation))
                    yield return piece;
                if (isOver && log.OpenNext(part) is { } next)
                    (part, _) = (next, Close(part));
                else if (isOver && log.IsRemoved(part))
                    yield break;
                else
                    await Task.Delay(LookAgain, time, cancellation);
            }
        }
        finally
        {
            parts.ForEach(older => older.Dispose());
            part.Dispose();
        }
    }

    private static bool Close(FileStream part)
    {
        part.Dispose();
        return true;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> RestAsync(FileStream part, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A domain that starts again may begin its log anew in the same file.
        if (part.Length < part.Position)
            part.Position = 0;
        var buffer = new byte[PieceSize];
        while (await part.ReadAsync(buffer, cancellation) is > 0 and var count)
            yield return buffer.AsMemory(0, count).ToArray();
    }

    // A few parts are held, each of a few MiB at most.
    private static async Task<byte[]> TailAsync(List<FileStream> parts, int lines, CancellationToken cancellation)
    {
        byte[] tail = [];
        foreach (var part in parts)
        {
            part.Position = Math.Max(0, part.Length - MostOfOne);
            var isCut = part.Position > 0;
            var bytes = new MemoryStream();
            await part.CopyToAsync(bytes, cancellation);
            tail = [.. bytes.ToArray(), .. tail];
            if (ConsoleLog.LastLines(tail, lines) is { Length: var length } && (isCut || length < tail.Length))
                break;
        }
        return ConsoleLog.LastLines(tail, lines).ToArray();
    }
}
