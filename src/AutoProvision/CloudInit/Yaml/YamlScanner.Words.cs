using System.Globalization;
using System.Text;
using static AutoProvision.CloudInit.Yaml.YamlCharacters;

namespace AutoProvision.CloudInit.Yaml;

// Directives, anchors, aliases and tags.
internal sealed partial class YamlScanner
{
    private YamlToken ScanDirective()
    {
        var line = _in.Line + 1;
        _in.Forward();
        var name = TakeWord("a directive");
        if (!IsBreakOrEnd(_in.Peek()) && _in.Peek() != ' ')
            throw Bad("a directive that is not understood");
        var (handle, prefix) = ((string?)null, name);
        switch (name)
        {
            case "YAML":
                SkipSpaces();
                if (TakeDigits() != "1")
                    throw Bad("a %YAML directive of another version than 1");
                if (_in.Peek() != '.')
                    throw Bad("a %YAML directive without a version");
                _in.Forward();
                TakeDigits();
                break;
            case "TAG":
                SkipSpaces();
                handle = TakeHandle();
                if (_in.Peek() != ' ')
                    throw Bad("a %TAG directive that is not understood");
                SkipSpaces();
                prefix = TakeUri();
                break;
            default:
                _in.SkipLine();
                break;
        }
        if (!IsBreakOrEnd(_in.Peek()) && _in.Peek() != ' ')
            throw Bad("a directive that is not understood");
        SkipSpaces();
        if (_in.Peek() == '#')
            _in.SkipLine();
        if (!IsBreakOrEnd(_in.Peek()))
            throw Bad("a directive that is not understood");
        _in.Break();
        return new YamlToken(YamlTokenKind.Directive, line, prefix, handle, IsPlain: name == "YAML");
    }

    private YamlToken ScanAnchor(YamlTokenKind kind)
    {
        var (line, hasTab) = (_in.Line + 1, _in.HasTabHere);
        _in.Forward();
        var name = TakeWord(kind == YamlTokenKind.Alias ? "an alias" : "an anchor");
        if (!IsBlankOrEnd(_in.Peek()) && !"?:,]}%@`".Contains(_in.Peek(), StringComparison.Ordinal))
            throw Bad($"'{_in.Peek()}' in the name of an anchor or alias");
        return new YamlToken(kind, line, name, HasTab: hasTab);
    }

    private YamlToken ScanTag()
    {
        var (line, hasTab) = (_in.Line + 1, _in.HasTabHere);
        string? handle = null;
        string suffix;
        if (_in.Peek(1) == '<')
        {
            _in.Forward(2);
            suffix = TakeUri();
            if (_in.Peek() != '>')
                throw Bad("a tag without its '>'");
            _in.Forward();
        }
        else if (IsBlankOrEnd(_in.Peek(1)))
        {
            suffix = "!";
            _in.Forward();
        }
        else
        {
            var length = 1;
            while (!IsBlankOrEnd(_in.Peek(length)) && _in.Peek(length) != '!')
                length++;
            handle = "!";
            if (_in.Peek(length) == '!')
                handle = TakeHandle();
            else
                _in.Forward();
            suffix = TakeUri();
        }
        if (!IsBlankOrEnd(_in.Peek()))
            throw Bad($"'{_in.Peek()}' in a tag");
        return new YamlToken(YamlTokenKind.Tag, line, suffix, handle, HasTab: hasTab);
    }

    private string TakeHandle()
    {
        if (_in.Peek() != '!')
            throw Bad("a tag's handle without '!'");
        var length = 1;
        if (_in.Peek(length) != ' ')
        {
            while (IsWord(_in.Peek(length)))
                length++;
            if (_in.Peek(length) != '!')
                throw Bad("a tag's handle that is not understood");
            length++;
        }
        return TakeText(length);
    }

    private string TakeUri()
    {
        var uri = new StringBuilder();
        while (IsUri(_in.Peek()))
        {
            if (_in.Peek() == '%')
                throw Bad("a tag with '%'");
            uri.Append(_in.Peek());
            _in.Forward();
        }
        return uri.Length > 0 ? uri.ToString() : throw Bad("a tag without a name");
    }

    private string TakeWord(string what)
    {
        var length = 0;
        while (IsWord(_in.Peek(length)))
            length++;
        return length > 0 ? TakeText(length) : throw Bad($"{what} without a name");
    }

    private string TakeDigits()
    {
        var length = 0;
        while (char.IsAsciiDigit(_in.Peek(length)))
            length++;
        // 1, 01 and 001 are the same number.
        return length > 0 ? TakeText(length).TrimStart('0') : throw Bad("a %YAML directive without a version");
    }

    private string TakeText(int length)
    {
        var text = _in.Prefix(length);
        _in.Forward(length);
        return text;
    }

    private void SkipSpaces()
    {
        while (_in.Peek() == ' ')
            _in.Forward();
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private static bool IsUri(char c) => char.IsAsciiLetterOrDigit(c) || "-;/?:@&=+$,_.!~*'()[]%".Contains(c, StringComparison.Ordinal);

    private static int Hexadecimal(string digits) => int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? code : -1;
}
