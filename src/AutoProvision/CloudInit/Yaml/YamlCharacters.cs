using System.Globalization;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>The characters of a document, one after the other, with lines and columns as PyYAML counts them (yaml/reader.py).</summary>
internal sealed class YamlCharacters
{
    private readonly string _text;
    private int _at;
    private bool _hasTab;
    private (int From, int To, bool IsBlank) _rest = (-1, -1, false);

    /// <exception cref="YamlSyntaxException">A character is in it that PyYAML refuses, or takes for a line break where other readers do not.</exception>
    public YamlCharacters(string text)
    {
        _text = text;
        Check();
    }

    /// <summary>Characters before this one: a surrogate pair is one.</summary>
    public int Index { get; private set; }

    /// <summary>Counted from 0.</summary>
    public int Line { get; private set; }

    public int Column { get; private set; }

    /// <summary>NUL at the end.</summary>
    public char Peek(int ahead = 0) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    public string Prefix(int length) => _text.Substring(_at, Math.Min(length, _text.Length - _at));

    public bool StartsWith(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    public void Forward(int length = 1)
    {
        for (; length > 0; length--)
        {
            var c = _text[_at++];
            if (c == '\n' || (c == '\r' && Peek() != '\n'))
                (Line, Column, _hasTab) = (Line + 1, 0, false);
            else if (c != '\uFEFF' && !char.IsLowSurrogate(c))
                Column++;
            if (!char.IsLowSurrogate(c))
                Index++;
            _hasTab |= c == '\t';
        }
    }

    /// <summary>Takes a line break, if there is one here.</summary>
    public bool Break()
    {
        if (!IsBreak(Peek()))
            return false;
        Forward(StartsWith("\r\n") ? 2 : 1);
        return true;
    }

    /// <summary>Whether nothing but spaces stands before this place in its line.</summary>
    public bool IsAtIndentation()
    {
        var before = _at - 1;
        while (before >= 0 && _text[before] == ' ')
            before--;
        return before < 0 || IsBreak(_text[before]);
    }

    /// <summary>Whether the rest of the line is blank or a comment.</summary>
    public bool IsRestBlank()
    {
        // Asked of each blank in a row, which has one answer.
        if (_at < _rest.From || _at > _rest.To)
        {
            var end = _at;
            while (end < _text.Length && IsBlank(_text[end]))
                end++;
            _rest = (_at, end, end == _text.Length || IsBreak(_text[end]) || _text[end] == '#');
        }
        return _rest.IsBlank;
    }

    /// <summary>Whether a tab stands before this place in its line, or at it: people do not see it.</summary>
    public bool HasTabHere => _hasTab || Peek() == '\t';

    public void SkipLine()
    {
        while (!IsBreakOrEnd(Peek()))
            Forward();
    }

    public string TakeLine()
    {
        var length = 0;
        while (!IsBreakOrEnd(Peek(length)))
            length++;
        var line = Prefix(length);
        Forward(length);
        return line;
    }

    public static bool IsBreak(char c) => c is '\r' or '\n';

    public static bool IsBreakOrEnd(char c) => c is '\r' or '\n' or '\0';

    public static bool IsBlank(char c) => c is ' ' or '\t';

    public static bool IsBlankOrEnd(char c) => c is ' ' or '\t' or '\r' or '\n' or '\0';

    private void Check()
    {
        var line = 1;
        foreach (var (index, c) in _text.Index())
        {
            if (c == '\n')
                line++;
            if ((char.IsControl(c) && c is not ('\t' or '\n' or '\r')) || c is '\u2028' or '\u2029' or '\uFFFE' or '\uFFFF' || (c == '\uFEFF' && index > 0))
                throw new YamlSyntaxException(line, string.Create(CultureInfo.InvariantCulture,
                    $"the character U+{(int)c:X4}, over which YAML readers disagree; write it as \"\\u{(int)c:x4}\" in double quotes"));
        }
    }
}
