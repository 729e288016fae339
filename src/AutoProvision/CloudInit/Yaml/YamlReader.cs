using AutoProvision.Inputs;
using static AutoProvision.CloudInit.Yaml.YamlTokenKind;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>
/// Reads a document as PyYAML's safe loader does, which cloud-init uses (yaml/parser.py, composer.py and constructor.py, 6.0 to 6.0.2; see PyYAML.LICENSE).
/// Aliases are written out, and counted so; no collection is a key, no key is there twice, and a name may be given to a second anchor.
/// </summary>
internal sealed class YamlReader
{
    private const string Standard = "tag:yaml.org,2002:";

    private readonly YamlScanner _tokens;
    private readonly InputBudget _budget;
    private readonly Dictionary<string, Anchor> _anchors = [];
    private readonly Dictionary<string, string> _handles = new() { ["!"] = "!", ["!!"] = Standard };
    private int _depth;

    private YamlReader(string text, InputBudget budget) => (_tokens, _budget) = (new YamlScanner(text), budget);

    // Without a value until its node is read to its end.
    private sealed class Anchor
    {
        public YamlValue? Value { get; set; }
    }

    /// <summary>The root of the text's only document; null when there is none.</summary>
    /// <param name="text">The document.</param>
    /// <param name="budget">What it is, and how much of it is read.</param>
    /// <exception cref="ArgumentException">It cannot be loaded, or is too large or complex.</exception>
    public static YamlValue? Read(string text, InputBudget budget)
    {
        budget.CheckLength(text);
        try
        {
            return new YamlReader(text, budget).ReadDocument();
        }
        catch (YamlSyntaxException e)
        {
            throw new ArgumentException($"{budget.What} is not valid YAML to cloud-init: line {e.Line}: {e.Message}.", e);
        }
    }

    private YamlValue? ReadDocument()
    {
        if (Is(End))
            return null;
        var isExplicit = Is(Directive, DocumentStart);
        if (isExplicit)
            StartDocument();
        var root = isExplicit && Is(Directive, DocumentStart, DocumentEnd, End) ? Empty(_tokens.Peek()) : Value(ReadNode(isBlock: true));
        while (Is(DocumentEnd))
            _tokens.Take();
        if (Is(End))
            return root;
        throw Is(Directive, DocumentStart) ? Bad(_tokens.Peek(), "there is more than one document") : Unexpected("the document was to end here, not to go on with");
    }

    private void StartDocument()
    {
        var handles = new Dictionary<string, string>();
        var hasVersion = false;
        while (Is(Directive))
        {
            var directive = _tokens.Take();
            if (directive.IsPlain && hasVersion)
                throw Bad(directive, "a second %YAML directive");
            hasVersion |= directive.IsPlain;
            if (directive.Handle is { } handle && !handles.TryAdd(handle, directive.Text))
                throw Bad(directive, $"a second %TAG directive for {handle}");
        }
        if (!Is(DocumentStart))
            throw Unexpected("\"---\" has to follow directives, not");
        _tokens.Take();
        foreach (var (handle, prefix) in handles)
            _handles[handle] = prefix;
    }

    private YamlValue ReadNode(bool isBlock, bool mayBeIndentless = false, bool isKey = false)
    {
        if (Is(Alias))
            return Follow(_tokens.Take(), isKey);
        var first = _tokens.Peek();
        var (anchor, tag) = (Is(YamlTokenKind.Anchor) ? _tokens.Take().Text : null, Is(Tag) ? TakeTag() : null);
        if (anchor is null && tag is not null && Is(YamlTokenKind.Anchor))
            anchor = _tokens.Take().Text;
        var holder = new Anchor();
        if (anchor is not null)
            _anchors[anchor] = holder;
        var next = _tokens.Peek();
        var value = next.Kind switch
        {
            BlockEntry when mayBeIndentless => Collection(first, tag, isKey, ReadIndentlessSequence),
            Scalar => ReadScalar(_tokens.Take(), tag, isKey),
            FlowSequenceStart => Collection(first, tag, isKey, ReadFlowSequence),
            FlowMappingStart => Collection(first, tag, isKey, ReadFlowMapping),
            BlockSequenceStart when isBlock => Collection(first, tag, isKey, ReadBlockSequence),
            BlockMappingStart when isBlock => Collection(first, tag, isKey, ReadBlockMapping),
            _ when anchor is not null || tag is not null => ReadScalar(first with { Text = "", IsPlain = true }, tag, isKey),
            _ => throw Unexpected("a value was to be here, not"),
        };
        holder.Value = value;
        return value;
    }

    private YamlValue Follow(YamlToken alias, bool isKey)
    {
        if (!_anchors.TryGetValue(alias.Text, out var anchor))
            throw Bad(alias, $"nothing is named &{alias.Text}");
        var value = anchor.Value ?? throw Bad(alias, $"*{alias.Text} stands within what it is an alias of");
        if (isKey && value is not YamlScalar)
            throw Bad(alias, "a key is a collection; only a text can be a key");
        CheckDepth(value.Height, alias);
        _budget.Spend(value.Nodes, value.Bytes, alias.Line);
        return value;
    }

    private string TakeTag()
    {
        var token = _tokens.Take();
        if (token.Handle is null)
            return token.Text;
        return _handles.TryGetValue(token.Handle, out var prefix) ? prefix + token.Text : throw Bad(token, $"the tag handle {token.Handle} is not defined");
    }

    private YamlValue Collection(YamlToken first, string? tag, bool isKey, Func<YamlToken, YamlValue> read)
    {
        if (isKey)
            throw Bad(first, "a key is a collection; only a text can be a key");
        CheckDepth(1, first);
        _budget.Spend(1, 0, first.Line);
        _depth++;
        var value = read(first);
        _depth--;
        var fits = tag switch
        {
            null or "!" => true,
            Standard + "map" => value is YamlMap,
            Standard + "seq" => value is YamlList,
            _ => false,
        };
        return fits ? value : throw UnknownTag(first, tag!);
    }

    private void CheckDepth(int more, YamlToken at)
    {
        if (_depth + more > InputLimits.MostDepth)
            throw InputBudget.TooDeep(_budget.What, at.Line);
    }

    private YamlScalar ReadScalar(YamlToken token, string? tag, bool isKey)
    {
        var isPlain = token.IsPlain && tag is null;
        var kind = isPlain ? YamlScalars.Resolve(token.Text) : tag is null or "!" ? YamlKind.Text : Kind(token, tag);
        // PyYAML goes by the text after "!", YAML takes it for a string.
        if (tag == "!" && YamlScalars.Resolve(token.Text) != YamlKind.Text)
            throw Bad(token, $"\"{Shown(token.Text)}\" has the tag \"!\", over which YAML readers disagree");
        if (kind is null && !isKey)
            throw Bad(token, $"a plain {token.Text} is not a value; quote it");
        try
        {
            var scalar = kind is null
                ? new YamlScalar(YamlKind.Text, token.Text, token.Text) { IsKeyOnly = true, Line = token.Line }
                : YamlScalars.Construct(kind.Value, token.Text, token.Line);
            _budget.Spend(1, scalar.Bytes, token.Line);
            return scalar;
        }
        catch (FormatException e)
        {
            throw Bad(token, $"\"{Shown(token.Text)}\" {e.Message}");
        }
    }

    private static YamlKind Kind(YamlToken token, string tag) => tag switch
    {
        Standard + "str" => YamlKind.Text,
        Standard + "null" => YamlKind.Nothing,
        Standard + "bool" => YamlKind.Flag,
        Standard + "int" => YamlKind.Integer,
        Standard + "float" => YamlKind.Number,
        Standard + "binary" => YamlKind.Binary,
        Standard + "timestamp" => YamlKind.Timestamp,
        _ => throw UnknownTag(token, tag),
    };

    private static YamlSyntaxException UnknownTag(YamlToken at, string tag) => Bad(at, $"has the tag {Shown(tag)}, which cloud-init does not know there");

    private YamlScalar Empty(YamlToken at) => ReadScalar(new YamlToken(Scalar, at.Line, IsPlain: true), null, isKey: false);

    private YamlList ReadBlockSequence(YamlToken first)
    {
        var items = new List<YamlValue>();
        _tokens.Take();
        while (Is(BlockEntry))
        {
            var entry = _tokens.Take();
            items.Add(Value(Is(BlockEntry, BlockEnd) ? Empty(entry) : ReadNode(isBlock: true)));
        }
        if (!Is(BlockEnd))
            throw Unexpected("a list's next \"-\" was to be here, not");
        _tokens.Take();
        return new YamlList(items) { Line = first.Line };
    }

    private YamlList ReadIndentlessSequence(YamlToken first)
    {
        var items = new List<YamlValue>();
        while (Is(BlockEntry))
        {
            var entry = _tokens.Take();
            items.Add(Value(Is(BlockEntry, Key, YamlTokenKind.Value, BlockEnd) ? Empty(entry) : ReadNode(isBlock: true)));
        }
        return new YamlList(items) { Line = first.Line };
    }

    private YamlMap ReadBlockMapping(YamlToken first)
    {
        var map = new YamlMapBuilder(_budget);
        _tokens.Take();
        while (Is(Key))
        {
            var at = _tokens.Take();
            var key = Is(Key, YamlTokenKind.Value, BlockEnd) ? Empty(at) : ReadNode(isBlock: true, mayBeIndentless: true, isKey: true);
            var value = Is(YamlTokenKind.Value) && _tokens.Take() is var _ && !Is(Key, YamlTokenKind.Value, BlockEnd) ? ReadNode(isBlock: true, mayBeIndentless: true) : Empty(at);
            map.Add((YamlScalar)key, Value(value));
        }
        if (!Is(BlockEnd))
            throw Unexpected("a mapping's next key was to be here, not");
        _tokens.Take();
        return map.Build(first.Line);
    }

    private YamlList ReadFlowSequence(YamlToken first)
    {
        var items = new List<YamlValue>();
        _tokens.Take();
        while (!Is(FlowSequenceEnd))
        {
            if (items.Count > 0)
            {
                if (!Is(FlowEntry))
                    throw Unexpected("\",\" or \"]\" was to be here, not");
                _tokens.Take();
                if (Is(FlowSequenceEnd))
                    break;
            }
            items.Add(Is(Key) ? Collection(_tokens.Peek(), null, isKey: false, ReadPair) : Value(ReadNode(isBlock: false)));
        }
        _tokens.Take();
        return new YamlList(items) { Line = first.Line };
    }

    // [a: b] is a list of a mapping.
    private YamlMap ReadPair(YamlToken first)
    {
        var map = new YamlMapBuilder(_budget);
        ReadFlowEntry(map, FlowSequenceEnd);
        return map.Build(first.Line);
    }

    private YamlMap ReadFlowMapping(YamlToken first)
    {
        var map = new YamlMapBuilder(_budget);
        _tokens.Take();
        for (var isFirst = true; !Is(FlowMappingEnd); isFirst = false)
        {
            if (!isFirst)
            {
                if (!Is(FlowEntry))
                    throw Unexpected("\",\" or \"}\" was to be here, not");
                _tokens.Take();
                if (Is(FlowMappingEnd))
                    break;
            }
            if (Is(Key))
                ReadFlowEntry(map, FlowMappingEnd);
            else
            {
                var at = _tokens.Peek();
                map.Add((YamlScalar)ReadNode(isBlock: false, isKey: true), Empty(at));
            }
        }
        _tokens.Take();
        return map.Build(first.Line);
    }

    private void ReadFlowEntry(YamlMapBuilder map, YamlTokenKind end)
    {
        var at = _tokens.Take();
        var key = Is(YamlTokenKind.Value, FlowEntry, end) ? Empty(at) : ReadNode(isBlock: false, isKey: true);
        var value = Is(YamlTokenKind.Value) && _tokens.Take() is var _ && !Is(FlowEntry, end) ? ReadNode(isBlock: false) : Empty(at);
        map.Add((YamlScalar)key, Value(value));
    }

    // An alias can bring a key's text where a value is to be.
    private static YamlValue Value(YamlValue value) =>
        value is YamlScalar { IsKeyOnly: true } scalar ? throw new YamlSyntaxException(scalar.Line, $"a plain {scalar.Text} is not a value; quote it") : value;

    private bool Is(params ReadOnlySpan<YamlTokenKind> kinds)
    {
        var next = _tokens.Peek().Kind;
        foreach (var kind in kinds)
            if (kind == next)
                return true;
        return false;
    }

    private YamlSyntaxException Unexpected(string what) => Bad(_tokens.Peek(), $"{what} {_tokens.Peek().Shown}");

    private static YamlSyntaxException Bad(YamlToken at, string why) => new(at.Line, why + (at.HasTab ? YamlScanner.TabHint : ""));

    private static string Shown(string text) => text.Length > 80 ? text[..80] + "..." : text;
}
