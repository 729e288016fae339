using System.Text;
using System.Text.Unicode;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

/// <summary>Cuts one stream of bytes into events between characters: text where a piece is UTF-8, otherwise base64.</summary>
internal sealed class ExecStreamText(bool isError)
{
    // The beginning of a character whose end has not come.
    private byte[] _rest = [];

    public IEnumerable<ExecStreamEvent> Take(ReadOnlyMemory<byte> data)
    {
        byte[] bytes = [.. _rest, .. data.Span];
        var whole = Utf8Text.WholeLength(bytes);
        _rest = bytes[whole..];
        return whole == 0 ? [] : [Event(bytes.AsSpan(0, whole))];
    }

    /// <summary>What is left at the stream's end, which is no text.</summary>
    public IEnumerable<ExecStreamEvent> Rest()
    {
        var rest = _rest;
        _rest = [];
        return rest.Length == 0 ? [] : [Event(rest)];
    }

    private ExecStreamEvent Event(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes)
        ? ExecStreamEvent.Of(isError) with { Data = Encoding.UTF8.GetString(bytes) }
        : ExecStreamEvent.Of(isError) with { DataBase64 = Convert.ToBase64String(bytes) };
}
