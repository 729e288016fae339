using System.Buffers;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AutoProvision.Api;

/// <summary>
/// Turns one YAML document into the JSON that says the same, so that both are read by the same strict reader.
/// Aliases are written out; neither they nor nesting can make much out of little.
/// </summary>
internal sealed class YamlToJson
{
    private const int MaxDepth = 64;
    private const int MaxEvents = 200_000;
    private static readonly string TooDeep = $"it is nested more than {MaxDepth} levels deep";
    private readonly List<ParsingEvent> _events = [];
    private readonly Dictionary<int, int> _targets = [];
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _at;

    /// <returns>JSON as UTF-8.</returns>
    /// <exception cref="FormatException">It is no YAML, not one document, or cannot be said in JSON; the message names the line.</exception>
    public static ReadOnlyMemory<byte> Convert(string yaml)
    {
        var converter = new YamlToJson();
        try
        {
            // YamlDotNet takes it for the end.
            if (yaml.Contains('\0'))
                throw new FormatException("it holds a NUL character");
            converter.Parse(yaml);
            return converter.Write();
        }
        // YamlDotNet 18 leaves some broken documents to an internal check, which throws InvalidOperationException; half of a surrogate pair is an ArgumentException.
        catch (Exception e) when (e is YamlException or InvalidOperationException or ArgumentException)
        {
            var place = e is YamlException { Start.Line: > 0 } at ? $"line {at.Start.Line}: " : "";
            throw new FormatException($"{place}{e.Message}", e);
        }
    }

    // The events of one document, and for each alias the last node before it that has its name.
    private void Parse(string yaml)
    {
        var anchors = new Dictionary<AnchorName, int>();
        var parser = new Parser(new StringReader(yaml));
        var (documents, depth) = (0, 0);
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current is MappingStart or SequenceStart ? 1 : current is MappingEnd or SequenceEnd ? -1 : 0;
            // Before more is read: the scanner looks through all open levels at every token.
            if (depth > MaxDepth || _events.Count > MaxEvents)
                throw Bad(current, depth > MaxDepth ? TooDeep : "it has too many parts");
            if (current is DocumentStart && ++documents > 1)
                throw Bad(current, "there is more than one document");
            if (current is AnchorAlias alias)
                _targets[_events.Count] = anchors.TryGetValue(alias.Value, out var target) ? target : throw Bad(current, $"nothing is named &{alias.Value}");
            if (current is NodeEvent { Anchor.IsEmpty: false } node)
                anchors[node.Anchor] = _events.Count;
            if (current is NodeEvent or AnchorAlias or MappingEnd or SequenceEnd)
                _events.Add(current);
        }
    }

    private ReadOnlyMemory<byte> Write()
    {
        using (var json = new Utf8JsonWriter(_bytes))
        {
            if (_events.Count == 0)
                json.WriteNullValue();
            else
                WriteNode(json, 0);
        }
        return _bytes.WrittenMemory;
    }

    private void WriteNode(Utf8JsonWriter json, int depth)
    {
        var current = _events[_at];
        if (depth >= MaxDepth)
            throw Bad(current, TooDeep);
        if (json.BytesCommitted + json.BytesPending > ApiRegistration.MaxBodySize)
            throw Bad(current, "with its aliases written out it is too large");
        switch (current)
        {
            case AnchorAlias:
                Follow(() => WriteNode(json, depth + 1));
                break;
            case Scalar scalar:
                WriteScalar(scalar, json);
                break;
            case SequenceStart:
                WriteSequence(json, depth);
                break;
            default:
                WriteMapping(json, depth);
                break;
        }
    }

    private void WriteScalar(Scalar scalar, Utf8JsonWriter json)
    {
        try
        {
            YamlScalar.Write(scalar, json);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw Bad(scalar, e.Message);
        }
        _at++;
    }

    private void WriteSequence(Utf8JsonWriter json, int depth)
    {
        json.WriteStartArray();
        for (_at++; _events[_at] is not SequenceEnd;)
            WriteNode(json, depth + 1);
        _at++;
        json.WriteEndArray();
    }

    private void WriteMapping(Utf8JsonWriter json, int depth)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        for (_at++; _events[_at] is not MappingEnd;)
        {
            var key = _events[_at];
            var name = Key(key);
            if (!keys.Add(name))
                throw Bad(key, $"\"{name}\" is there twice");
            _at++;
            json.WritePropertyName(name);
            WriteNode(json, depth + 1);
        }
        _at++;
        json.WriteEndObject();
    }

    private string Key(ParsingEvent key) => key switch
    {
        Scalar scalar => scalar.Value,
        AnchorAlias when _events[_targets[_at]] is Scalar scalar => scalar.Value,
        _ => throw Bad(key, "a key is no text"),
    };

    // Writes the alias's node here, and goes on behind the alias.
    private void Follow(Action write)
    {
        var next = _at + 1;
        _at = _targets[_at];
        write();
        _at = next;
    }

    private static YamlException Bad(ParsingEvent where, string why) => new(where.Start, where.End, why);
}
