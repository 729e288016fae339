using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace AutoProvision.CloudInit;

/// <summary>Strings that YAML readers like to take for something else, and a generator that mixes them with any character there is.</summary>
public static class HostileText
{
    public static readonly string[] Values =
    [
        "", " ", "  leading", "trailing  ", "a  b", "\t", "tab\tinside", "trailing\t",
        "yes", "No", "on", "OFF", "y", "true", "null", "Null", "~", "=", "<<", "0777", "0o17", "0x1F", "1e3", "1_000", "12:30:45", ".inf", ".NaN", "-0", "2001-12-14",
        ": ", "a: b", "a:", ":a", "#", " # no comment", "a #b", "- x", "-", "? x", "?", "|", ">", "|-\n x", "[a", "]", "{a: b}", "}", ",", "`", "@x", "%", "%YAML 1.1", "&a", "*a", "!tag", "!!python/object:os.system x", "!",
        "---", "--- x", "...", "\n---\n", "\n...\n", "\n# x", "'", "''", "\"", "\\", "\\n", "\\\"", "'\"\\", "a\\",
        "\n", "a\nb", "a\n", "a\n\n\n", "\n a", "a \n b", "a\r\nb", "\r", "\r\n", "a\u0085b", "\u0085", "a\u2028b", "\u2028", "\u2029", "\u00A0", "\u3000", "\uFEFF", "x\uFEFF", "\u200B", "\u202E",
        "\u0001", "\u0007\b\u000B\f\u001B", "\u001B[31m", "\u007F", "\u0080", "\u009F", "\uFFFD", "\uFFFE", "\uFFFF", "\uE000",
        "grüße", "e\u0301", "日本語", "😀", "👩‍👩‍👧", "\U0010FFFF",
        "{{ x }}", "{% x %}", "## template: jinja", "## template: jinja\n{{ v1.local_hostname }}", "#cloud-config", "#include http://x", "#!/bin/sh", "Content-Type: multipart/mixed", "MIME-Version: 1.0", "mime-version:\n\n",
        "$(id)", "`id`", "; rm -rf /", "a' b", "$HOME", "%s", new string('x', 5000), string.Join(' ', Enumerable.Repeat("word", 2000)), new string(' ', 300), new string('\n', 300),
    ];

    public static TheoryData<string> Theory => [.. Values];

    private static readonly Gen<string> Character = Gen.Choose(0, 0x10FFFF)
        .Where(code => Rune.IsValid(code) && code != 0)
        .Select(char.ConvertFromUtf32);

    private static readonly Gen<string> LowCharacter = Gen.Choose(1, 0x2100).Select(char.ConvertFromUtf32);

    /// <summary>Any text that a guest's argument can hold: no NUL, no half surrogate pair.</summary>
    public static readonly Gen<string> Text = Gen.OneOf(Gen.Elements(Values), Character, LowCharacter)
        .ListOf()
        .Select(parts => string.Concat(parts.Take(8)));

    /// <summary>Any .NET string: NUL and half surrogate pairs too.</summary>
    public static readonly Gen<string> Anything = Gen.OneOf(Text, Text, Gen.OneOf(Text, Gen.Elements("\0", "\uD800", "\uDC00", "\uDC00\uD800"))
        .ListOf()
        .Select(parts => string.Concat(parts.Take(3))));
}

/// <summary>A string out of <see cref="HostileText.Text"/>.</summary>
public sealed record GuestText(string Value)
{
    public static Arbitrary<GuestText> Arbitrary() =>
        Arb.From(HostileText.Text.Select(text => new GuestText(text)), Shrink);

    private static IEnumerable<GuestText> Shrink(GuestText text)
    {
        var runes = text.Value.EnumerateRunes().Select(rune => rune.ToString()).ToArray();
        return runes.Length < 2 ? [] : [new(string.Concat(runes[..(runes.Length / 2)])), new(string.Concat(runes[(runes.Length / 2)..]))];
    }
}

/// <summary>A string out of <see cref="HostileText.Anything"/>.</summary>
public sealed record AnyText(string Value)
{
    public static Arbitrary<AnyText> Arbitrary() => Arb.From(HostileText.Anything.Select(text => new AnyText(text)));
}
