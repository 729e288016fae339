using System.Text;
using AutoProvision.Inputs;
using MimeKit;

namespace AutoProvision.CloudInit;

/// <summary>
/// Looks through a MIME message before it is taken apart: MimeKit compares the parameters of a header with each other, and makes an object
/// of every part.
/// </summary>
internal sealed class MessageGuard : MimeReader
{
    private readonly InputBudget _budget;
    private int _headers;
    private int _parts;
    private int _depth;

    private MessageGuard(Stream message, InputBudget budget)
        : base(Bounded(), message) => _budget = budget;

    /// <summary>One level more than is taken: what is beyond is seen as multi-part, and not as a part of an unknown kind.</summary>
    public static ParserOptions Bounded() => new() { MaxMimeDepth = InputLimits.MostMultipartDepth + 2 };

    /// <exception cref="InputLimitException"><c>too_complex</c>.</exception>
    /// <exception cref="FormatException">It is not a MIME message.</exception>
    /// <exception cref="OperationCanceledException"/>
    public static void Check(byte[] message, InputBudget budget)
    {
        CheckFields(message, budget);
        using var stream = new MemoryStream(message);
        new MessageGuard(stream, budget).ReadEntity(budget.Cancellation);
    }

    // The reader takes a header's parameters apart as soon as it has read it, so long ones have to be found before.
    private static void CheckFields(ReadOnlySpan<byte> message, InputBudget budget)
    {
        var isField = false;
        var length = 0;
        foreach (var range in message.Split((byte)'\n'))
        {
            var line = message[range];
            if (line is not [(byte)' ' or (byte)'\t', ..])
                (isField, length) = (StartsField(line), 0);
            length += line.Length + 1;
            if (isField && length > InputLimits.MostHeaderBytes)
                throw TooManyHeaders(budget);
        }
    }

    // Content-Type and Content-Disposition have parameters. A line of a script that begins so is not continued for long.
    private static bool StartsField(ReadOnlySpan<byte> line) => line.Length > Field.Length && Ascii.EqualsIgnoreCase(line[..Field.Length], Field);

    private static ReadOnlySpan<byte> Field => "content-"u8;

    protected override void OnHeadersBegin(long beginOffset, int beginLineNumber, CancellationToken cancellationToken)
    {
        _headers = 0;
        _budget.CheckParts(++_parts);
    }

    protected override void OnHeaderRead(Header header, int beginLineNumber, CancellationToken cancellationToken)
    {
        _headers += header.RawField.Length + header.RawValue.Length + 1;
        if (_headers > InputLimits.MostHeaderBytes)
            throw TooManyHeaders(_budget);
        cancellationToken.ThrowIfCancellationRequested();
    }

    protected override void OnMultipartBegin(ContentType contentType, long beginOffset, int beginLineNumber, CancellationToken cancellationToken)
    {
        if (++_depth > InputLimits.MostMultipartDepth)
            throw InputBudget.TooComplex($"{_budget.What} has multi-parts nested more than {InputLimits.MostMultipartDepth} levels deep", "One multi-part with all parts in it is enough.");
    }

    protected override void OnMultipartEnd(ContentType contentType, long beginOffset, int beginLineNumber, long headersEndOffset, long endOffset, int lines, CancellationToken cancellationToken) => _depth--;

    private static InputLimitException TooManyHeaders(InputBudget budget) =>
        InputBudget.TooComplex($"{budget.What} has a part with more than {InputLimits.MostHeaderBytes / 1024} KiB of headers", $"At most {InputLimits.MostHeaderBytes / 1024} KiB of headers for each part.");
}
