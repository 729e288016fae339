using System.Text;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Requests and answers are strings of bytes, one char each (Latin-1), so that any byte can stand in them.</summary>
internal static class Bytes
{
    /// <summary>A text as the bytes of its UTF-8.</summary>
    public static string Of(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public static string Of(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static byte[] ToArray(string bytes) => Encoding.Latin1.GetBytes(bytes);

    /// <summary>On one line and cut, for a reader.</summary>
    public static string Show(string bytes, int most)
    {
        var text = new StringBuilder();
        foreach (var each in bytes.Length <= most ? bytes : bytes[..most])
            text.Append(each switch
            {
                '\r' => "\\r",
                '\n' => "\\n",
                '\\' => "\\\\",
                < ' ' or >= '\x7f' => $"\\x{(int)each:x2}",
                _ => each,
            });
        return bytes.Length <= most ? text.ToString() : $"{text}... ({bytes.Length} bytes)";
    }
}
