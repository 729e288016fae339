using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AutoProvision.Inputs;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace AutoProvision.Api;

/// <summary>
/// Turns one YAML document into the JSON that says the same, so that both are read by the same strict reader.
/// Aliases are written out; <see cref="BoundedYaml"/> keeps them and nesting from making much out of little.
/// </summary>
internal sealed class YamlToJson
{
    // As it is: every character written as \u and its number would make three times the text of it.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<ParsingEvent> _events = [];
    private readonly Dictionary<int, int> _targets = [];
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _at;

    /// <param name="yaml">The text.</param>
    /// <param name="budget">How much of it is read.</param>
    /// <returns>JSON as UTF-8.</returns>
    /// <exception cref="InputLimitException"><c>too_large</c> or <c>too_complex</c>.</exception>
    /// <exception cref="FormatException">It is no YAML, not one document, or cannot be said in JSON; the message names the line.</exception>
    public static ReadOnlyMemory<byte> Convert(string yaml, InputBudget budget)
    {
        var converter = new YamlToJson();
        try
        {
            // YamlDotNet takes it for the end.
            if (yaml.Contains('\0'))
                throw new FormatException("it holds a NUL character");
            converter.Parse(yaml, budget);
            return converter.Write();
        }
        // YamlDotNet 18 leaves some broken documents to an internal check, which throws InvalidOperationException; half of a surrogate pair is an ArgumentException.
        catch (Exception e) when (e is YamlException or InvalidOperationException or (ArgumentException and not InputLimitException))
        {
            var place = e is YamlException { Start.Line: > 0 } at ? $"line {at.Start.Line}: " : "";
            throw new FormatException($"{place}{e.Message}", e);
        }
    }

    // The events of one document, and for each alias the last node before it that has its name.
    private void Parse(string yaml, InputBudget budget)
    {
        var anchors = new Dictionary<AnchorName, int>();
        var events = new BoundedYaml(yaml, budget);
        while (events.MoveNext())
        {
            var current = events.Current!;
            if (current is AnchorAlias alias)
                _targets[_events.Count] = anchors[alias.Value];
            if (current is NodeEvent { Anchor.IsEmpty: false } node)
                anchors[node.Anchor] = _events.Count;
            if (current is NodeEvent or AnchorAlias or MappingEnd or SequenceEnd)
                _events.Add(current);
        }
    }

    private ReadOnlyMemory<byte> Write()
    {
        using (var json = new Utf8JsonWriter(_bytes, Plain))
        {
            if (_events.Count == 0)
                json.WriteNullValue();
            else
                WriteNode(json);
        }
        return _bytes.WrittenMemory;
    }

    private void WriteNode(Utf8JsonWriter json)
    {
        var current = _events[_at];
        switch (current)
        {
            case AnchorAlias:
                Follow(() => WriteNode(json));
                break;
            case Scalar scalar:
                WriteScalar(scalar, json);
                break;
            case SequenceStart:
                WriteSequence(json);
                break;
            default:
                WriteMapping(json);
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

    private void WriteSequence(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        for (_at++; _events[_at] is not SequenceEnd;)
            WriteNode(json);
        _at++;
        json.WriteEndArray();
    }

    private void WriteMapping(Utf8JsonWriter json)
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
            WriteNode(json);
        }
        _at++;
        json.WriteEndObject();
    }

    private string Key(ParsingEvent key) => key switch
    {
        Scalar scalar => scalar.Value,
        // No collection is a key, nor what an alias there stands for.
        _ => ((Scalar)_events[_targets[_at]]).Value,
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
