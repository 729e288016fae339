namespace AutoProvision.CloudInit.Yaml;

internal enum YamlTokenKind
{
    End,
    Directive,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// <summary>One token of PyYAML's scanner.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Text">A scalar's or name's text, a tag's suffix, a directive's name.</param>
/// <param name="Handle">A tag's handle; null for one that is written out, and for "!".</param>
/// <param name="IsPlain">Of a scalar: without quotes.</param>
/// <param name="HasTab">Whether a tab stands before it in its line.</param>
internal readonly record struct YamlToken(YamlTokenKind Kind, int Line, string Text = "", string? Handle = null, bool IsPlain = false, bool HasTab = false)
{
    /// <summary>For messages.</summary>
    public string Shown => Kind switch
    {
        YamlTokenKind.End => "the end",
        YamlTokenKind.DocumentStart => "\"---\"",
        YamlTokenKind.DocumentEnd => "\"...\"",
        YamlTokenKind.BlockSequenceStart or YamlTokenKind.BlockEntry => "\"-\"",
        YamlTokenKind.BlockMappingStart or YamlTokenKind.Key => "a key",
        YamlTokenKind.BlockEnd => "the end of an indented block",
        YamlTokenKind.FlowSequenceStart => "\"[\"",
        YamlTokenKind.FlowMappingStart => "\"{\"",
        YamlTokenKind.FlowSequenceEnd => "\"]\"",
        YamlTokenKind.FlowMappingEnd => "\"}\"",
        YamlTokenKind.FlowEntry => "\",\"",
        YamlTokenKind.Value => "\":\"",
        YamlTokenKind.Alias => "an alias",
        YamlTokenKind.Anchor => "an anchor",
        YamlTokenKind.Tag => "a tag",
        YamlTokenKind.Directive => "a directive",
        _ => "a text",
    };
}
