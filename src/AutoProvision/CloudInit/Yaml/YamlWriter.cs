using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>
/// Writes a document again so that every reader reads the same: strings in double quotes, other scalars by their own text, or with their tag where that alone would be
/// another kind. In blocks where people write so, in brackets further in, where indentation would be most of it.
/// </summary>
internal sealed partial class YamlWriter
{
    private const int MostBlockDepth = 8;
    // A key of one line ends within 1,024 characters for PyYAML.
    private const int MostKeyLength = 1000;

    private readonly StringBuilder _text = new();

    public static string Write(YamlValue root, string firstLine = "")
    {
        var writer = new YamlWriter();
        writer._text.Append(firstLine);
        writer.Block(root, 0, 0, Place.Root);
        return writer._text.ToString();
    }

    private enum Place
    {
        Root,
        Item,
        Entry,
    }

    private void Block(YamlValue value, int indent, int depth, Place place)
    {
        switch (value)
        {
            case YamlMap { Entries.Count: > 0 } map when depth < MostBlockDepth:
                if (place == Place.Entry)
                    _text.Append('\n');
                // The first entry stands beside its item's "-".
                var isBeside = place == Place.Item;
                foreach (var (key, entry) in map.Entries)
                {
                    _text.Append(isBeside ? " " : new string(' ', indent));
                    isBeside = false;
                    var name = Key(key);
                    if (name.Length > MostKeyLength)
                        _text.Append("? ").Append(name).Append('\n').Append(' ', indent).Append(':');
                    else
                        _text.Append(name).Append(':');
                    Block(entry, entry is YamlMap ? indent + 2 : indent, depth + 1, Place.Entry);
                }
                break;
            case YamlList { Items.Count: > 0 } list when depth < MostBlockDepth:
                if (place == Place.Entry)
                    _text.Append('\n');
                var isFirst = place == Place.Item;
                foreach (var item in list.Items)
                {
                    _text.Append(isFirst ? " " : new string(' ', indent)).Append('-');
                    isFirst = false;
                    Block(item, indent + 2, depth + 1, Place.Item);
                }
                break;
            default:
                if (place != Place.Root)
                    _text.Append(' ');
                Flow(value);
                _text.Append('\n');
                break;
        }
    }

    private void Flow(YamlValue value)
    {
        switch (value)
        {
            case YamlScalar scalar:
                Scalar(scalar);
                break;
            case YamlList list:
                _text.Append('[');
                foreach (var (index, item) in list.Items.Index())
                {
                    _text.Append(index > 0 ? ", " : "");
                    Flow(item);
                }
                _text.Append(']');
                break;
            case YamlMap map:
                _text.Append('{');
                foreach (var (index, (key, entry)) in map.Entries.Index())
                {
                    _text.Append(index > 0 ? ", " : "");
                    var name = Key(key);
                    if (name.Length > MostKeyLength)
                        _text.Append("? ").Append(name).Append(" : ");
                    else
                        _text.Append(name).Append(": ");
                    Flow(entry);
                }
                _text.Append('}');
                break;
        }
    }

    private static string Key(YamlScalar key)
    {
        var writer = new YamlWriter();
        writer.Scalar(key);
        return writer._text.ToString();
    }

    private void Scalar(YamlScalar scalar)
    {
        switch (scalar.Kind)
        {
            case YamlKind.Text:
                Quoted(scalar.Text);
                break;
            case YamlKind.Nothing when scalar.Text.Length == 0 || YamlScalars.Resolve(scalar.Text) != YamlKind.Nothing:
                _text.Append("null");
                break;
            case YamlKind.Binary:
                _text.Append("!!binary ");
                Quoted(Convert.ToBase64String((byte[])scalar.Value!));
                break;
            case var kind when YamlScalars.Resolve(scalar.Text) == kind && Plain().IsMatch(scalar.Text):
                _text.Append(scalar.Text);
                break;
            case var kind:
                _text.Append(kind switch { YamlKind.Flag => "!!bool ", YamlKind.Integer => "!!int ", YamlKind.Number => "!!float ", _ => "!!timestamp " });
                Quoted(scalar.Text);
                break;
        }
    }

    private void Quoted(string text)
    {
        _text.Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '\t' => _text.Append("\\t"),
                '\r' => _text.Append("\\r"),
                '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF' => Escaped("\\u{0:x4}", c),
                _ when char.IsControl(c) => Escaped("\\x{0:x2}", c),
                _ => _text.Append(c),
            };
        _text.Append('"');
    }

    private StringBuilder Escaped(string form, char c) => _text.AppendFormat(CultureInfo.InvariantCulture, form, (int)c);

    [GeneratedRegex(@"\A[A-Za-z0-9_:.+~-]+\z")]
    private static partial Regex Plain();
}
