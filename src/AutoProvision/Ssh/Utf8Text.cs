using System.Buffers;
using System.Text;

namespace AutoProvision.Ssh;

/// <summary>Where UTF-8 may be cut.</summary>
public static class Utf8Text
{
    /// <summary>The length without the beginning of a character that has not wholly arrived, which is at most three bytes.</summary>
    public static int WholeLength(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
            if (Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == OperationStatus.NeedMoreData)
                return bytes.Length - back;
        return bytes.Length;
    }
}
