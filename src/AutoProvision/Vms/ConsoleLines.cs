using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>Makes clean lines of what a console writes piece by piece.</summary>
internal static class ConsoleLines
{
    // A guest that never ends its line must not fill the memory.
    private const int Longest = 16 * 1024;

    /// <summary>Each line once it is whole, and at the end the rest.</summary>
    public static async IAsyncEnumerable<string> SplitAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var line = new List<byte>();
        await foreach (var piece in pieces.WithCancellation(cancellation))
        {
            for (var rest = piece; !rest.IsEmpty;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                var count = Math.Min(end < 0 ? rest.Length : end, Longest - line.Count);
                line.AddRange(rest.Span[..count]);
                var isWhole = count == end;
                rest = rest[(isWhole ? count + 1 : count)..];
                if (!isWhole && line.Count < Longest)
                    continue;
                // What is too long is cut between characters.
                var length = isWhole ? line.Count : Utf8Text.WholeLength(CollectionsMarshal.AsSpan(line));
                yield return Clean(line[..length]);
                line.RemoveRange(0, length);
            }
        }
        if (line.Count > 0)
            yield return Clean(line);
    }

    private static string Clean(List<byte> line) => ConsoleLog.Clean(Encoding.UTF8.GetString([.. line]));
}
