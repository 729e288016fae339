using static AutoProvision.CloudInit.Yaml.YamlCharacters;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>
/// Takes a document apart into tokens, as PyYAML does (yaml/scanner.py, 6.0 to 6.0.2; see PyYAML.LICENSE): which texts are one key, where a plain scalar
/// ends and what an indentation means is its reading, not that of the YAML specification. It takes more in one thing: tabs that separate, as
/// YAML and JSON have them. Where one would indent, it is refused as there.
/// </summary>
internal sealed partial class YamlScanner(string text)
{
    // A key of one line is looked for this far.
    private const int MostKeyLength = 1024;

    private readonly YamlCharacters _in = new(text);
    private readonly List<YamlToken> _tokens = [];
    // Those taken already at the beginning of the list, and those dropped from it.
    private int _head;
    private int _dropped;
    private bool _isDone;
    private int _flowLevel;
    private int _indent = -1;
    private readonly Stack<int> _indents = new();
    private bool _allowsSimpleKey = true;
    // By flow level: where a key may have begun that only the ":" after it tells.
    private readonly List<SimpleKey?> _simpleKeys = [];
    private int _oldestKey;

    private sealed record SimpleKey(int Token, bool IsRequired, int Index, int Line, int Column, bool HasTab);

    /// <summary>The next token, which stays the next one.</summary>
    /// <exception cref="YamlSyntaxException"/>
    public YamlToken Peek()
    {
        while (NeedsMore())
            Fetch();
        return _tokens[_head];
    }

    /// <summary>The next token.</summary>
    /// <exception cref="YamlSyntaxException"/>
    public YamlToken Take()
    {
        var token = Peek();
        if (++_head == 1024)
        {
            _tokens.RemoveRange(0, _head);
            (_dropped, _head) = (_dropped + _head, 0);
        }
        return token;
    }

    private int Taken => _dropped + _head;

    private bool NeedsMore()
    {
        if (_isDone)
            return false;
        if (_head == _tokens.Count)
            return true;
        ForgetStaleKeys();
        return _oldestKey < _simpleKeys.Count && _simpleKeys[_oldestKey]!.Token == Taken;
    }

    private void Fetch()
    {
        SkipToToken();
        ForgetStaleKeys();
        Unwind(_in.Column);
        var c = _in.Peek();
        switch (c)
        {
            case '\0':
                FetchEnd();
                break;
            case '%' when _in.Column == 0:
                StartLine();
                _tokens.Add(ScanDirective());
                break;
            case '-' when IsDocument("---"):
                FetchDocument(YamlTokenKind.DocumentStart);
                break;
            case '.' when IsDocument("..."):
                FetchDocument(YamlTokenKind.DocumentEnd);
                break;
            case '[':
                OpenFlow(YamlTokenKind.FlowSequenceStart);
                break;
            case '{':
                OpenFlow(YamlTokenKind.FlowMappingStart);
                break;
            case ']':
                CloseFlow(YamlTokenKind.FlowSequenceEnd);
                break;
            case '}':
                CloseFlow(YamlTokenKind.FlowMappingEnd);
                break;
            case ',':
                _allowsSimpleKey = true;
                ForgetKey();
                Add(YamlTokenKind.FlowEntry, 1);
                break;
            case '-' when IsBlankOrEnd(_in.Peek(1)):
                FetchEntry();
                break;
            case '?' when _flowLevel > 0 || IsBlankOrEnd(_in.Peek(1)):
                FetchKey();
                break;
            case ':' when _flowLevel > 0 || IsBlankOrEnd(_in.Peek(1)):
                FetchValue();
                break;
            case '*' or '&':
                FetchWord(() => ScanAnchor(c == '*' ? YamlTokenKind.Alias : YamlTokenKind.Anchor));
                break;
            case '!':
                FetchWord(ScanTag);
                break;
            case '|' or '>' when _flowLevel == 0:
                _allowsSimpleKey = true;
                ForgetKey();
                _tokens.Add(ScanBlockScalar(c == '>'));
                break;
            case '\'' or '"':
                FetchWord(() => ScanQuoted(c));
                break;
            default:
                if (!StartsPlain(c))
                    throw Bad($"'{c}' cannot begin anything here");
                FetchWord(ScanPlain);
                break;
        }
    }

    // As check_plain in the scanner.
    private bool StartsPlain(char c) => c switch
    {
        '\0' or ' ' or '\t' or '\r' or '\n' or ',' or '[' or ']' or '{' or '}' or '#' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' => false,
        '-' => !IsBlankOrEnd(_in.Peek(1)),
        '?' or ':' => !IsBlankOrEnd(_in.Peek(1)) && _flowLevel == 0,
        _ => true,
    };

    private bool IsDocument(string marker) => _in.Column == 0 && _in.StartsWith(marker) && IsBlankOrEnd(_in.Peek(3));

    private void Add(YamlTokenKind kind, int length)
    {
        _tokens.Add(new YamlToken(kind, _in.Line + 1, HasTab: _in.HasTabHere));
        _in.Forward(length);
    }

    private void StartLine()
    {
        Unwind(-1);
        ForgetKey();
        _allowsSimpleKey = false;
    }

    private void FetchEnd()
    {
        StartLine();
        _simpleKeys.Clear();
        Add(YamlTokenKind.End, 0);
        _isDone = true;
    }

    private void FetchDocument(YamlTokenKind kind)
    {
        StartLine();
        Add(kind, 3);
    }

    private void OpenFlow(YamlTokenKind kind)
    {
        RememberKey();
        _flowLevel++;
        _allowsSimpleKey = true;
        Add(kind, 1);
    }

    private void CloseFlow(YamlTokenKind kind)
    {
        ForgetKey();
        // PyYAML goes on below zero, and its parser refuses the token.
        if (_flowLevel == 0)
            throw Bad($"'{_in.Peek()}' closes nothing");
        _flowLevel--;
        _allowsSimpleKey = false;
        Add(kind, 1);
    }

    private void FetchEntry()
    {
        if (_flowLevel == 0)
        {
            if (!_allowsSimpleKey)
                throw Bad("a list cannot begin here");
            if (Indent(_in.Column))
                Add(YamlTokenKind.BlockSequenceStart, 0);
        }
        _allowsSimpleKey = true;
        ForgetKey();
        Add(YamlTokenKind.BlockEntry, 1);
    }

    private void FetchKey()
    {
        if (_flowLevel == 0)
        {
            if (!_allowsSimpleKey)
                throw Bad("a key cannot stand here");
            if (Indent(_in.Column))
                Add(YamlTokenKind.BlockMappingStart, 0);
        }
        _allowsSimpleKey = _flowLevel == 0;
        ForgetKey();
        Add(YamlTokenKind.Key, 1);
    }

    private void FetchValue()
    {
        if (_flowLevel < _simpleKeys.Count && _simpleKeys[_flowLevel] is { } key)
        {
            _simpleKeys[_flowLevel] = null;
            var at = key.Token - _dropped;
            _tokens.Insert(at, new YamlToken(YamlTokenKind.Key, key.Line + 1, HasTab: key.HasTab));
            if (_flowLevel == 0 && Indent(key.Column))
                _tokens.Insert(at, new YamlToken(YamlTokenKind.BlockMappingStart, key.Line + 1, HasTab: key.HasTab));
            _allowsSimpleKey = false;
        }
        else
        {
            if (_flowLevel == 0)
            {
                if (!_allowsSimpleKey)
                    throw Bad("a key and its \":\" cannot stand here");
                if (Indent(_in.Column))
                    Add(YamlTokenKind.BlockMappingStart, 0);
            }
            _allowsSimpleKey = _flowLevel == 0;
            ForgetKey();
        }
        Add(YamlTokenKind.Value, 1);
    }

    private void FetchWord(Func<YamlToken> scan)
    {
        RememberKey();
        _allowsSimpleKey = false;
        _tokens.Add(scan());
    }

    // A key further in is a younger one: behind the first that may still be a key there is nothing to look at, however deep it goes.
    private void ForgetStaleKeys()
    {
        for (; _oldestKey < _simpleKeys.Count; _oldestKey++)
            if (_simpleKeys[_oldestKey] is { } key)
            {
                if (key.Line == _in.Line && _in.Index - key.Index <= MostKeyLength)
                    return;
                Forget(_oldestKey, key);
            }
    }

    private void ForgetKey()
    {
        if (_flowLevel < _simpleKeys.Count && _simpleKeys[_flowLevel] is { } key)
            Forget(_flowLevel, key);
    }

    private void Forget(int level, SimpleKey key)
    {
        if (key.IsRequired)
            throw new YamlSyntaxException(key.Line + 1, "a key without the \":\" after it" + (key.HasTab || _in.HasTabHere ? TabHint : ""));
        _simpleKeys[level] = null;
    }

    private void RememberKey()
    {
        if (!_allowsSimpleKey)
            return;
        ForgetKey();
        while (_simpleKeys.Count <= _flowLevel)
            _simpleKeys.Add(null);
        _oldestKey = Math.Min(_oldestKey, _flowLevel);
        _simpleKeys[_flowLevel] = new SimpleKey(_dropped + _tokens.Count, _flowLevel == 0 && _indent == _in.Column, _in.Index, _in.Line, _in.Column, _in.HasTabHere);
    }

    private void Unwind(int column)
    {
        if (_flowLevel > 0)
            return;
        while (_indent > column)
        {
            _indent = _indents.Pop();
            Add(YamlTokenKind.BlockEnd, 0);
        }
    }

    private bool Indent(int column)
    {
        if (_indent >= column)
            return false;
        _indents.Push(_indent);
        _indent = column;
        return true;
    }

    // PyYAML takes no tab here at all.
    private void SkipToToken()
    {
        if (_in.Index == 0 && _in.Peek() == '\uFEFF')
            _in.Forward();
        do
        {
            while (IsBlank(_in.Peek()))
            {
                if (_in.Peek() == '\t')
                    CheckTab();
                _in.Forward();
            }
            if (_in.Peek() == '#')
                _in.SkipLine();
            if (!IsBreak(_in.Peek()))
                return;
            if (_flowLevel == 0)
                _allowsSimpleKey = true;
        }
        while (_in.Break());
    }

    private void CheckTab()
    {
        if (_flowLevel > 0)
            return;
        var isFirst = _in.IsAtIndentation();
        if (isFirst && !_in.IsRestBlank())
            throw new YamlSyntaxException(_in.Line + 1, "a tab indents the line; use spaces");
        // What follows a tab has no column that all readers agree on: no list and no mapping begins there.
        if (!isFirst)
            _allowsSimpleKey = false;
    }

    public const string TabHint = " (the line has a tab; use spaces)";

    private YamlSyntaxException Bad(string why) => new(_in.Line + 1, why + (_in.HasTabHere ? TabHint : ""));
}
