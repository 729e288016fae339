namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>YAML documents that make much out of little, lead back into themselves, or are none.</summary>
internal static class YamlTricks
{
    public static readonly string[] All =
    [
        .. Recursive(), .. Aliases(), .. Shapes(), .. Scalars(), .. Broken(),
    ];

    private static string[] Recursive() =>
    [
        "a: &a\n  b: *a\n", "a: &a [*a]\n", "&a\nb: *a\n", "&a [*a]\n", "a: &a\n  <<: *a\n", "a: &a {b: &b {c: *a}}\nd: *b\n", "? &a [*a]\n: b\n", "runcmd: &a\n- *a\n", "users: &a\n- *a\n",
        "write_files: &a\n- {path: /x, content: *a}\n", "version: 2\nethernets: &a\n  eth0: *a\n", "version: 1\nconfig: &a\n- *a\n", "labels: &a {b: *a}\n",
    ];

    private static string[] Aliases() =>
    [
        // "Billion laughs".
        $"a0: &a0 [x, x]\n{string.Concat(Enumerable.Range(1, 30).Select(at => $"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\n"))}",
        $"a0: &a0 {{k: v}}\n{string.Concat(Enumerable.Range(1, 12).Select(at => $"a{at}: &a{at} {{x: *a{at - 1}, y: *a{at - 1}, z: *a{at - 1}}}\n"))}",
        $"a: &a {new string('x', 10_000)}\nb: [{string.Join(", ", Enumerable.Repeat("*a", 20_000))}]\n",
        "a: *nobody\n", "a: &a 1\nb: &a 2\nc: *a\n", string.Concat(Enumerable.Range(0, 10_000).Select(at => $"k{at}: &n{at} v\n")), $"a: &{new string('n', 100_000)} 1\n", "&a *a : b\n", "a: & b\n", "a: &a &b c\n",
        "a: &a {b: 1}\nc:\n  <<: [*a, *a]\n  <<: *a\n", "<<: 1\n", "<<: [1, {a: 1}]\n",
    ];

    private static string[] Shapes() =>
    [
        new string('[', 10_000), new string('{', 10_000), $"a: {new string('[', 100)}{new string(']', 100)}\n", string.Concat(Enumerable.Range(0, 500).Select(at => $"{new string(' ', at)}a:\n")),
        string.Concat(Enumerable.Repeat("- ", 2_000)), string.Concat(Enumerable.Repeat("? ", 2_000)), string.Concat(Enumerable.Repeat("- a\n", 100_000)), string.Concat(Enumerable.Range(0, 50_000).Select(at => $"k{at}: v\n")),
        "a: 1\n---\nb: 2\n", "---\n---\n---\n", "...\n", "--- a\n...\n--- b\n", "- a\n- b\n", "text\n", "", "# only a comment\n", "---\n", "~\n", "? [a, b]\n: c\n", "? {a: b}\n: c\n", "~: a\n", "a: 1\na: 2\n", ": a\n",
    ];

    private static string[] Scalars() =>
    [
        "cpus: 0x7fffffffffffffffffffffff\n", "cpus: 0o7777777777777777777777777\n", "cpus: 1e400\n", "cpus: .inf\n", "cpus: -.nan\n", "cpus: 190:20:30\n", "expiresAt: 2001-99-99\n", "name: !!binary \"%%%\"\n", "name: !!int x\n",
        "name: !!python/object/apply:os.system [\"id\"]\n", "name: !<tag:x.example,2000:y> z\n", "name: ! a\n", "name: !a!b c\n", "labels: !!set {a, b}\n", "labels: !!omap [a: b]\n", "name: !!null a\n", "cpus: !!float 1\n", "cpus: !!bool maybe\n",
        "name: \"\\ud800\"\n", "name: \"\\x\"\n", "name: \"\\U99999999\"\n", "name: |9\n  a\n", "name: >-+\n  a\n", "name: |\n\ta\n", $"name: {new string('a', 1_000_000)}\n", $"{new string('k', 2_000)}: v\n", $"\"{new string('k', 100_000)}\": v\n",
        "name: \u0085a\u2028b\n", "name: \U0001F600\n", "\ufeffname: a\n", "name: a\u0000b\n", "name: a\u0007b\n",
    ];

    private static string[] Broken() =>
    [
        "a: \"unclosed\n", "a: 'unclosed\n", "a: [b, c\n", "a: {b: c\n", "a: b: c\n", "a:\n\t- b\n", "a\n  b: c\n - d\n", "%YAML 9.9\n---\na: b\n", "%YAML 1.1\n", "%TAG ! tag:x.example,2000:\n---\na: !b c\n", "%FOO bar\n---\na: b\n", "@a: b\n", "`a: b\n", "a: *\n", "a: [,]\n", "a: {,}\n", "]\n", "}\n", "!!map\n", "&\n", "- - - : - ?\n",
    ];
}
