using System.Text;
using static AutoProvision.CloudInit.Yaml.YamlCharacters;

namespace AutoProvision.CloudInit.Yaml;

// Plain, quoted and block scalars.
internal sealed partial class YamlScanner
{
    private YamlToken ScanPlain()
    {
        var (line, hasTab, indent) = (_in.Line + 1, _in.HasTabHere, _indent + 1);
        var text = new StringBuilder();
        var spaces = "";
        while (_in.Peek() != '#')
        {
            var length = 0;
            while (!EndsPlain(length))
                length++;
            if (length == 0)
                break;
            _allowsSimpleKey = false;
            text.Append(spaces).Append(TakeText(length));
            if (PlainSpaces(indent) is not { Length: > 0 } more || (_flowLevel == 0 && _in.Column < indent))
                break;
            spaces = more;
        }
        return new YamlToken(YamlTokenKind.Scalar, line, text.ToString(), IsPlain: true, HasTab: hasTab);
    }

    private bool EndsPlain(int ahead)
    {
        var c = _in.Peek(ahead);
        if (IsBlankOrEnd(c))
            return true;
        if (c == ':')
            return IsBlankOrEnd(_in.Peek(ahead + 1)) || (_flowLevel > 0 && _in.Peek(ahead + 1) is ',' or '[' or ']' or '{' or '}');
        return _flowLevel > 0 && c is ',' or '?' or '[' or ']' or '{' or '}';
    }

    // Null before a document's end; nothing where the scalar ends.
    private string? PlainSpaces(int indent)
    {
        var length = 0;
        while (IsBlank(_in.Peek(length)))
            length++;
        var blanks = TakeText(length);
        if (!_in.Break())
            return blanks;
        _allowsSimpleKey = true;
        if (IsSeparator())
            return null;
        var breaks = 0;
        while (true)
        {
            if (_in.Peek() == ' ')
                _in.Forward();
            else if (_in.Peek() == '\t' && (_flowLevel > 0 || _in.Column >= indent || _in.IsRestBlank()))
                _in.Forward();
            else if (!_in.Break())
                return breaks == 0 ? " " : new string('\n', breaks);
            else if (IsSeparator())
                return null;
            else
                breaks++;
        }
    }

    private bool IsSeparator() => (_in.StartsWith("---") || _in.StartsWith("...")) && IsBlankOrEnd(_in.Peek(3));

    private YamlToken ScanQuoted(char quote)
    {
        var (line, hasTab) = (_in.Line + 1, _in.HasTabHere);
        var text = new StringBuilder();
        _in.Forward();
        while (true)
        {
            var c = _in.Peek();
            if (c == quote && (quote == '"' || _in.Peek(1) != '\''))
                break;
            if (IsBlankOrEnd(c))
                QuotedSpaces(text);
            else if (c == '\\' && quote == '"')
                Escape(text);
            else if (c == quote)
            {
                text.Append('\'');
                _in.Forward(2);
            }
            else
                text.Append(TakeText(QuotedRun(quote)));
        }
        _in.Forward();
        for (var at = 0; at < text.Length; at++)
            if (char.IsSurrogate(text[at]) && !(char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[++at])))
                throw new YamlSyntaxException(line, "half of a surrogate pair in a quoted text");
        return new YamlToken(YamlTokenKind.Scalar, line, text.ToString(), HasTab: hasTab);
    }

    private int QuotedRun(char quote)
    {
        var length = 1;
        while (_in.Peek(length) is var c && c != quote && c != '\\' && !IsBlankOrEnd(c))
            length++;
        return length;
    }

    // PyYAML makes two halves of an escaped pair, which then cannot be encoded. JSON means the character.
    private void Escape(StringBuilder text)
    {
        _in.Forward();
        var c = _in.Peek();
        if (IsBreak(c))
        {
            _in.Break();
            QuotedBreaks(text);
            return;
        }
        _in.Forward(c == '\0' ? 0 : 1);
        var length = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (length == 0)
        {
            text.Append(Simple(c));
            return;
        }
        var code = Enumerable.Range(0, length).All(ahead => char.IsAsciiHexDigit(_in.Peek(ahead))) ? Hexadecimal(TakeText(length)) : -1;
        if (code is < 0 or > 0x10FFFF)
            throw Bad($"an escape \"\\{c}\" that is no character's number");
        if (code <= char.MaxValue)
            text.Append((char)code);
        else
            text.Append(char.ConvertFromUtf32(code));
    }

    private char Simple(char escape) => escape switch
    {
        '0' => '\0',
        'a' => '\a',
        'b' => '\b',
        't' or '\t' => '\t',
        'n' => '\n',
        'v' => '\v',
        'f' => '\f',
        'r' => '\r',
        'e' => '\e',
        ' ' or '"' or '\\' or '/' => escape,
        'N' => '\u0085',
        '_' => '\u00A0',
        'L' => '\u2028',
        'P' => '\u2029',
        _ => throw Bad($"an escape \"\\{escape}\" that does not exist"),
    };

    private void QuotedSpaces(StringBuilder text)
    {
        var length = 0;
        while (IsBlank(_in.Peek(length)))
            length++;
        var blanks = TakeText(length);
        if (_in.Peek() == '\0')
            throw Bad("a quoted text without its end");
        if (!_in.Break())
        {
            text.Append(blanks);
            return;
        }
        var before = text.Length;
        QuotedBreaks(text);
        if (text.Length == before)
            text.Append(' ');
    }

    private void QuotedBreaks(StringBuilder text)
    {
        while (true)
        {
            if (IsSeparator())
                throw Bad("a document's beginning or end in a quoted text");
            while (IsBlank(_in.Peek()))
                _in.Forward();
            if (!_in.Break())
                return;
            text.Append('\n');
        }
    }

    private YamlToken ScanBlockScalar(bool isFolded)
    {
        var (line, hasTab) = (_in.Line + 1, _in.HasTabHere);
        _in.Forward();
        var (chomping, increment) = BlockHeader();
        var least = Math.Max(_indent + 1, 1);
        var text = new StringBuilder();
        int indent;
        int breaks;
        if (increment is null)
            (breaks, indent) = BlockIndentation(least);
        else
            (breaks, indent) = (0, least + increment.Value - 1);
        breaks += BlockBreaks(indent);
        var hasBreak = false;
        while (_in.Column == indent && _in.Peek() != '\0')
        {
            text.Append('\n', breaks);
            var isText = !IsBlank(_in.Peek());
            text.Append(_in.TakeLine());
            hasBreak = _in.Break();
            breaks = BlockBreaks(indent);
            if (_in.Column != indent || _in.Peek() == '\0')
                break;
            if (!isFolded || !isText || IsBlank(_in.Peek()))
                text.Append(hasBreak ? "\n" : "");
            else if (breaks == 0)
                text.Append(' ');
        }
        if (chomping != '-' && hasBreak)
            text.Append('\n');
        if (chomping == '+')
            text.Append('\n', breaks);
        return new YamlToken(YamlTokenKind.Scalar, line, text.ToString(), HasTab: hasTab);
    }

    private (char Chomping, int? Increment) BlockHeader()
    {
        var chomping = ' ';
        int? increment = null;
        for (var part = 0; part < 2; part++)
        {
            var c = _in.Peek();
            if (c is '+' or '-' && chomping == ' ')
                chomping = c;
            else if (char.IsAsciiDigit(c) && increment is null)
                increment = c > '0' ? c - '0' : throw Bad("an indentation of 0");
            else
                break;
            _in.Forward();
        }
        if (!IsBlankOrEnd(_in.Peek()))
            throw Bad($"'{_in.Peek()}' where a block's text was to begin in the next line");
        while (IsBlank(_in.Peek()))
            _in.Forward();
        if (_in.Peek() == '#')
            _in.SkipLine();
        if (!IsBreakOrEnd(_in.Peek()))
            throw Bad($"'{_in.Peek()}' where a block's text was to begin in the next line");
        _in.Break();
        return (chomping, increment);
    }

    private (int Breaks, int Indent) BlockIndentation(int least)
    {
        var breaks = 0;
        var most = 0;
        while (true)
        {
            if (_in.Peek() == ' ')
            {
                _in.Forward();
                most = Math.Max(most, _in.Column);
            }
            else if (_in.Break())
                breaks++;
            else
                return (breaks, Math.Max(least, most));
        }
    }

    private int BlockBreaks(int indent)
    {
        var breaks = 0;
        while (true)
        {
            while (_in.Column < indent && _in.Peek() == ' ')
                _in.Forward();
            if (!_in.Break())
                return breaks;
            breaks++;
        }
    }
}
