using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>Documents by chance: whole ones in every style, some of them damaged, and pieces of YAML in any order.</summary>
internal sealed class GeneratedYaml
{
    private static readonly string[] Scalars =
    [
        "a", "b c", "x-y", "git", "/etc/motd", "0644", "08", "1e3", "0x1f", "12:30:45", "1_000", "-5", "3.14", "1.0e+3", ".5", ".inf", ".nan", "yes", "Off", "true", "y", "~", "null", "", "2001-12-14",
        "2001-12-14 21:59:43.10 -5", "!!int 5", "!!str 5", "!!float 5", "!!binary AP8=", "!!null", "'it''s'", "' '", "'a\n\n      b'", "\"a\\tb\\u00e9\"", "\"a\n      b\\\n      c\"", "a#b", "grüße 😀",
        // What only some load, or none.
        "a:b", "http://x/y?z=1&a", "=", "<<", "2001-13-01", "!!int x", "! a", "!mine x", "\"\\ud83d\\ude00\"", "a\tb", "-", "- a", "? a", "@a", "%a", "*n0", "*n1", "\"\"", "''", "multi\n      line",
        "multi\n\n      line", "0o17", "1:30.5", "+1", "null ", "a, b", "[a", "{a", "#a", "a #b",
    ];

    private static readonly string[] Keys = ["a", "b", "c", "k1", "\"a\"", "'b'", "1", "0x1", "1.0", "yes", "true", "null", "~", "<<", "\"<<\"", "=", "a b", "2001-12-14", "users", "ü", "? a", "*n0 ", "&n1 d", "!!str e", "[a]", "-x", "a:b"];

    private static readonly string[] Pieces =
    [
        "a", "b", ": ", ":", "- ", "-", "? ", "?", "\n", "\n  ", "\n    ", " ", "\t", "{", "}", "[", "]", ", ", ",", "# c", "'", "\"", "\\", "|", ">", "|-\n", ">+\n", "|2\n", "&a ", "*a", "!!str ", "!", "!!int ", "<<", "=", "---", "...", "%YAML 1.1\n", "---\n", "5", "1:2", "0x", "\r\n", "ü", "@", "`", "~", "null", "\\n", "\\x41", "12",
    ];

    private readonly IReadOnlyList<int> _choices;
    private int _next;
    private int _anchors;
    private int _keys;

    private GeneratedYaml(IReadOnlyList<int> choices) => _choices = choices;

    /// <summary>Always the same for the same seed.</summary>
    public static IReadOnlyList<string> Make(ulong seed, int count) =>
        [.. Gen.Choose(0, 1 << 20).ListOf(150).Select(choices => new GeneratedYaml(choices).Document()).Sample(count, new Rnd(seed), 50)];

    private int Choose(int count) => _next < _choices.Count ? _choices[_next++] % count : 0;

    private string Choose(string[] of) => of[Choose(of.Length)];

    private string Document()
    {
        if (Choose(5) == 0)
            return string.Concat(Enumerable.Range(0, 2 + Choose(25)).Select(_ => Choose(Pieces)));
        var text = new StringBuilder();
        if (Choose(10) == 0)
            text.Append("---\n");
        Block(text, 0, 0);
        var document = text.ToString();
        if (Choose(3) > 0 || document.Length == 0)
            return document;
        var at = Choose(document.Length);
        // A request's text has no halves of characters.
        if (char.IsSurrogate(document[at]))
            return document;
        return Choose(3) switch
        {
            0 => document.Remove(at, 1),
            1 => document.Insert(at, Choose(Pieces)),
            _ => document.Replace("  ", "\t", StringComparison.Ordinal),
        };
    }

    // Most documents are to load.
    private string Key() => Choose(4) > 0 ? $"k{_keys++}" : Choose(Keys);

    private string Scalar() => Choose(3) > 0 ? Scalars[Choose(38)] : Choose(Scalars);

    private void Block(StringBuilder text, int indent, int depth)
    {
        var isMap = Choose(3) > 0;
        for (var count = 1 + Choose(4); count > 0; count--)
        {
            text.Append(' ', indent);
            if (isMap)
                text.Append(Key()).Append(Choose(12) == 0 ? " :" : ":");
            else
                text.Append('-');
            Value(text, indent, depth);
        }
    }

    private void Value(StringBuilder text, int indent, int depth)
    {
        var space = Choose(30) switch { 0 => "\t", 1 => "   ", _ => " " };
        if (Choose(12) == 0)
            text.Append($" &n{_anchors++}");
        switch (depth < 3 ? Choose(8) : 4 + Choose(4))
        {
            case 0 or 1:
                text.Append('\n');
                Block(text, indent + 1 + Choose(3), depth + 1);
                return;
            case 2:
                text.Append('\n');
                Block(text, indent, depth + 1);
                return;
            case 3:
                text.Append(space).Append(Choose(["|", ">", "|-", ">-", "|+", ">+", "|1", ">2-", "| # c"])).Append('\n');
                for (var count = Choose(5); count > 0; count--)
                    text.Append(' ', Choose(6) == 0 ? Choose(indent + 3) : indent + 2).Append(Choose(["a", "b c", " d", "", "\t", "# e", "f: g", "- h"])).Append('\n');
                return;
            case 4:
                text.Append(space);
                Flow(text, depth);
                break;
            default:
                text.Append(space).Append(Scalar());
                break;
        }
        text.Append(Choose(["", "", "", "", "", "", "", "", "", " # c", " # c", "  ", "  ", "\r", "\t"])).Append('\n');
    }

    private void Flow(StringBuilder text, int depth)
    {
        var isMap = Choose(2) == 0;
        text.Append(isMap ? '{' : '[');
        for (var count = Choose(4); count > 0; count--)
        {
            if (isMap)
                text.Append(Key()).Append(Choose([": ", ": ", ": ", ": ", " : ", ":", ":\t"]));
            if (depth < 4 && Choose(4) == 0)
                Flow(text, depth + 1);
            else
                text.Append(Scalar());
            if (count > 1 || Choose(8) == 0)
                text.Append(Choose([", ", ", ", ", ", ",", ",\n   ", " ,", ",\t", ", # c\n  "]));
        }
        text.Append(isMap ? '}' : ']');
    }
}
