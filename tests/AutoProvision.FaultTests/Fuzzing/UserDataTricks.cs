namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>cloud-init user-data that its reader trips over: MIME messages and archives.</summary>
internal static class UserDataTricks
{
    private const string Script = "Content-Type: text/x-shellscript\n\n#!/bin/sh\n";

    public static readonly string[] All =
    [
        "#cloud-config\n", "#cloud-config-archive\n- {type: text/x-shellscript, content: '#!/bin/sh'}\n", "#cloud-config-archive\n- &a {type: x, content: *a}\n", "#cloud-config-archive\n&a [*a]\n", "#cloud-config-archive\n- *a\n", "#cloud-config-archive\n7\n",
        "#!/bin/sh\n", "#!", "#include http://127.0.0.1/\n", "## template: jinja\n#cloud-config\n", "#part-handler\n", "#cloud-boothook\n", "\ufeff#cloud-config\n", "\n#!/bin/sh\n", "\u001f\u008b\u0008", "x",
        $"#cloud-config\nruncmd:\n{string.Concat(Enumerable.Repeat("- a\n", 50_000))}", $"#cloud-config\nusers:\n{string.Concat(Enumerable.Range(0, 2_000).Select(at => $"- {{name: u{at}}}\n"))}",
        $"#cloud-config\nwrite_files:\n{string.Concat(Enumerable.Range(0, 2_000).Select(at => $"- {{path: /x{at}, content: y}}\n"))}",
        Multipart("b", Script), Multipart("b", [.. Enumerable.Repeat(Script, 5_000)]), Multipart("b"), Multipart(new string('b', 1_000), Script), Multipart("", Script), Multipart("b\"; x=\"", Script),
        Nested(50), Nested(2_000), Multipart("b", $"X-Long: {new string('x', 200_000)}\n{Script}"), Multipart("b", $"{string.Concat(Enumerable.Repeat("X-A: b\n", 20_000))}{Script}"),
        Multipart("b", "Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n%%%not base64%%%\n"), Multipart("b", "Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n/////w==\n"),
        Multipart("b", "Content-Type: text/cloud-config\nContent-Transfer-Encoding: quoted-printable\n\n=ZZ=\n=0"), Multipart("b", "Content-Type: text/cloud-config\nContent-Transfer-Encoding: uuencode\n\nbegin 644 x\n"),
        Multipart("b", "Content-Type: text/cloud-config; charset=\"nonsense\"\n\na: b\n"), Multipart("b", "Content-Type: text/cloud-config; charset=utf-7\n\na: b\n"), Multipart("b", "Content-Type: ;;;\n\n#cloud-config\n"),
        Multipart("b", "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nFrom: a\n\nb\n"), Multipart("b", "Content-Type: message/external-body; access-type=url\n\n\n"), Multipart("b", "Content-Disposition: attachment; filename*=utf-8''%ff%zz\n" + Script),
        "Content-Type: multipart/mixed\nMIME-Version: 1.0\n\n--b\n", "Content-Type: multipart/mixed; boundary=b\n", "MIME-Version: 1.0\n\n", "Content-Type: text/plain\n\nx\n", "From \nContent-Type: multipart/mixed; boundary=b\n\n--b--\n", $"Content-Type: multipart/mixed; boundary=b\n\n{string.Concat(Enumerable.Repeat("--b\n", 20_000))}",
    ];

    private static string Multipart(string boundary, params string[] parts) =>
        $"Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n{string.Concat(parts.Select(part => $"--{boundary}\n{part}\n"))}--{boundary}--\n";

    private static string Nested(int levels) => string.Concat(Enumerable.Range(0, levels).Select(at => $"Content-Type: multipart/mixed; boundary=\"b{at}\"\n\n--b{at}\n")) + Script;
}
