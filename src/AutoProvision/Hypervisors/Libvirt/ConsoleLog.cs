using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Reads the end of a serial console's log without its terminal control sequences.</summary>
public static partial class ConsoleLog
{
    public static async Task<string> ReadTailAsync(string path, int maxChars, CancellationToken cancellation)
    {
        if (!File.Exists(path))
            return "";
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // Control sequences are cut out afterwards: read a little more than is asked for.
        var length = (int)Math.Min(file.Length, maxChars * 2L);
        file.Seek(-length, SeekOrigin.End);
        var bytes = new byte[length];
        var read = await file.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancellation);
        var text = Clean(Encoding.UTF8.GetString(bytes, 0, read));
        return text.Length <= maxChars ? text : text[^maxChars..];
    }

    /// <summary>The last lines, of which the last may be unfinished.</summary>
    public static ReadOnlySpan<byte> LastLines(ReadOnlySpan<byte> text, int lines)
    {
        var start = text.Length - (text.EndsWith("\n"u8) ? 1 : 0);
        for (var left = lines; left > 0 && start >= 0; left--)
            start = text[..start].LastIndexOf((byte)'\n');
        return lines == 0 ? [] : text[(start + 1)..];
    }

    /// <summary>Drops ANSI control sequences, NULs and carriage returns.</summary>
    public static string Clean(string text) => ControlSequence().Replace(text, "");

    [GeneratedRegex(@"\x1b\[[0-9;?=]*[ -/]*[@-~]|\x1b[@-Z\\-_c]|[\x00-\x08\x0b-\x1f\x7f]")]
    private static partial Regex ControlSequence();
}
