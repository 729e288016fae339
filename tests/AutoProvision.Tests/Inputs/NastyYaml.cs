using System.Globalization;

namespace AutoProvision.Inputs;

/// <summary>Texts that YAML readers work hard on, each of about the length that is asked for, with what a cloud-config that holds them is answered.</summary>
internal static class NastyYaml
{
    public const string Taken = "taken";
    public const string Form = "user_data_invalid";

    public static readonly (string Name, string Outcome, Func<int, string> Text)[] All =
    [
        ("an alias within its own anchor", Form, size => $"a: {Fill("b", size)}\n? &a [*a]\n: v\n"),
        ("an alias of itself as a value", Form, size => $"a: {Fill("b", size)}\nc: &a {{d: *a}}\n"),
        ("a tree of aliases as a key", InputLimitException.TooComplex, size => $"{Tree(30)}? *a30\n: {Fill("b", size)}\n"),
        ("a tree of aliases", InputLimitException.TooLarge, size => $"{Tree(60)}b: {Fill("b", size)}\n"),
        ("a collection as a key", Form, size => $"? [{Fill("a,", size)}]\n: v\n"),
        ("open sequences", InputLimitException.TooComplex, size => $"a: {Fill("[", size)}"),
        ("open mappings", InputLimitException.TooComplex, size => $"a: {Fill("{a: ", size)}"),
        ("dashes", InputLimitException.TooComplex, size => $"a:\n {Fill("- ", size)}"),
        ("open keys", Form, size => Fill("? ", size)),
        ("a staircase", InputLimitException.TooLarge, size => string.Concat(Enumerable.Range(0, (int)Math.Sqrt(2 * size)).Select(at => $"{new string(' ', at)}a:\n"))),
        ("many items in a row", InputLimitException.TooComplex, size => $"a: [{Fill("b,", size)}c]"),
        ("as many items as are taken", Taken, size => $"a: [{Fill("bcdefghij,", Math.Min(size, 900_000))}c]"),
        ("many items below 63 levels", InputLimitException.TooComplex, size => $"a: {new string('[', 62)}{Fill("b,", size)}{new string(']', 62)}"),
        ("many items in lines", InputLimitException.TooComplex, size => $"a:\n{Fill("- b\n", size)}"),
        ("many keys", InputLimitException.TooComplex, size => Numbered(size, at => $"k{at}:\n")),
        ("many keys in a row", InputLimitException.TooComplex, size => $"a: {{{Numbered(size, at => $"k{at}: ,")}}}"),
        ("many anchors", InputLimitException.TooComplex, size => $"a: [{Numbered(size, at => $"&{at} ,")}]"),
        ("many aliases", InputLimitException.TooComplex, size => $"a: &a b\nc: [{Fill("*a,", size)}]"),
        ("many aliases of a long text", InputLimitException.TooLarge, size => $"a: &a {Fill("b", size / 2)}\npackages: [{Fill("*a,", size / 2)}]"),
        ("many aliases of a long list", InputLimitException.TooComplex, size => $"a: &a [{Fill("bcdefgh,", size / 2)}]\nusers: [{Fill("*a,", size / 2)}]"),
        ("a long anchor", Taken, size => $"a: &{Fill("a", size)} b"),
        ("a long word", Taken, size => $"a: {Fill("b", size)}"),
        ("a long number", Taken, size => $"packages: ['{Fill("1", size)}']"),
        ("many words", Taken, size => $"a: {Fill("b ", size)}c"),
        ("a word in many lines", Taken, size => $"a:{Fill("\n b", size)}"),
        ("a text with no end", Form, size => $"a: \"{Fill("b", size)}"),
        ("quotes with escapes", Taken, size => $"a: \"{Fill("\\n", size)}\""),
        ("quotes with numbers", Taken, size => $"a: \"{Fill("\\u0041", size)}\""),
        ("escapes that grow", InputLimitException.TooLarge, size => $"a: \"{Fill("\\L", size)}\""),
        ("many single quotes", Taken, size => $"a: '{Fill("''", size)}'"),
        ("quotes in many lines", Taken, size => $"a: \"{Fill("\n\n", size)}\""),
        ("a text with a long margin", Taken, size => $"a: |\n{Fill(" ", size)}b\n"),
        ("a text of empty lines", Taken, size => $"a: |+\n  b\n{Fill("\n", size)}"),
        ("a folded text", Taken, size => $"a: >\n{Fill("  b\n", size)}"),
        ("a folded text with empty lines", Taken, size => $"a: >\n{Fill("  b\n\n", size)}"),
        ("a long comment", Taken, size => $"a: b #{Fill(" c", size)}\n"),
        ("many comments", Taken, size => $"{Fill("#\n", size)}a: b\n"),
        ("many comments in a row of items", Taken, size => $"a: [\n{Fill("#\n", size)}b]\n"),
        ("many directives", Taken, size => $"{Numbered(size, at => $"%TAG !{at}! a\n")}---\na: b\n"),
        ("a directive with no end", Form, size => $"%{Fill("A", size)}"),
        ("many documents", Form, size => Fill("---\n", size)),
        ("many ends of documents", Form, size => Fill("...\n", size)),
        ("many tags", InputLimitException.TooComplex, size => $"a: [{Fill("!!str b,", size)}]"),
        ("a long tag", Form, size => $"a: !<{Fill("b", size)}> c"),
        ("many escapes in a tag", Form, size => $"a: !<{Fill("%41", size)}> c"),
        ("many spaces", Taken, size => $"a: b\n{Fill(" ", size)}\n"),
        ("many tabs", Form, size => $"a:\n{Fill("\t", size)}b\n"),
        ("many line breaks of old Macs", Taken, size => $"a: b{Fill("\r", size)}"),
        ("many colons", Form, size => $"a: {Fill("b: ", size)}"),
        ("many question marks in a row of items", Form, size => $"a: [{Fill("? ", size)}]"),
        ("many commas", Form, size => $"a: [{Fill(",", size)}]"),
        ("many closing brackets", Form, size => $"a: {Fill("]", size)}"),
        ("long keys that end late", InputLimitException.TooComplex, size => $"a: [{Fill($"[{Fill("[],", 990)}], ", size)}]"),
        ("a long path", Taken, size => $"write_files: [{{path: {Fill("/..", size)}/a}}]"),
        ("a long way to merge", Form, size => $"merge_how: \"dict({Fill("replace,", size)}\""),
        ("many ways to merge", Taken, size => $"merge_how: {Fill("str()+", size)}str()"),
        ("many packages", Taken, size => $"packages: [{Fill("abcdefghij,", Math.Min(size, 1_000_000))}git]"),
        ("many packages that are numbers", Form, size => $"packages: [{Fill("1234567890,", Math.Min(size, 900_000))}5]"),
        ("many keys that nobody knows", Taken, size => $"write_files: [{{path: /a, {Numbered(Math.Min(size, 500_000), at => $"k{at}: 1, ")}}}]"),
        ("many wrong alternatives", Form, size => $"chpasswd: {{expire: false, users: [{Fill("{name: [a], password: 5, type: {}}, ", Math.Min(size, 300_000))}]}}"),
        ("many long numbers", Taken, size => $"a: [{Fill($"{new string('9', 4300)}, 0x{new string('f', 900)}, 0{new string('7', 900)}, 1{Fill(":59", 3000)}, ", size)}]"),
        ("one longer number", Form, size => $"a: {Fill("9", size)}"),
        ("one longer number by its tag", Form, size => $"a: !!float {Fill("1", size)}x"),
        ("many keys that are numbers of one hash", Taken, size => $"a: {{{string.Concat(Enumerable.Range(0, size / 28).Select(at => $"{OfOneHash(at)}: 1, "))}}}"),
        ("many keys that are integers of one remainder", Taken, size => $"a: {{{string.Concat(Enumerable.Range(1, Math.Min(size / 16, 19_000)).Select(at => $"{107_897 * at}: 1, "))}}}"),
        ("tabs below a deep margin", Taken, size => $"{Fill(" ", size / 3)}a: b\n{Fill("\t", size * 2 / 3)}\n"),
        ("merges within each other", InputLimitException.TooComplex, size => $"a: {string.Concat(Enumerable.Repeat("{<<: ", 60))}{{{Numbered(Math.Min(size, 500_000), at => $"k{at}: ,")}}}{new string('}', 60)}"),
        ("merges upon merges", InputLimitException.TooComplex, size => $"a0: &a0 {{b: c}}\n{string.Concat(Enumerable.Range(1, Math.Max(1, size / 40)).Select(at => $"a{at}: &a{at} {{<<: *a{at - 1}, k{at}: d}}\n"))}"),
        ("many users", Taken, size => $"users: [{Fill("{name: bob}, ", Math.Min(size, 400_000))}eve]"),
    ];

    // Both halves of the bits combined are the number's own hash.
    private static string OfOneHash(int at)
    {
        var high = 0x4000_0000L | (uint)at;
        return BitConverter.Int64BitsToDouble((high << 32) | (high ^ 0x1234_5678)).ToString("0.0###############", CultureInfo.InvariantCulture);
    }

    public static string Fill(string part, int size) => string.Concat(Enumerable.Repeat(part, Math.Max(1, size / part.Length)));

    public static string Numbered(int size, Func<string, string> item) =>
        string.Concat(Enumerable.Range(0, size / (item("1").Length + 5)).Select(at => item(at.ToString("x5", CultureInfo.InvariantCulture))));

    // Each level is twice the one before it.
    private static string Tree(int levels) =>
        "a0: &a0 x\n" + string.Concat(Enumerable.Range(1, levels).Select(at => $"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\n"));
}
