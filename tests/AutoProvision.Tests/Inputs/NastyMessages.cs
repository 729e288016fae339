using System.Text;
using AutoProvision.CloudInit;

namespace AutoProvision.Inputs;

/// <summary>MIME messages and archives that their readers work hard on, each of about the length that is asked for.</summary>
internal static class NastyMessages
{
    private const string Script = "Content-Type: text/x-shellscript\n\n#!/bin/sh\n";

    public static readonly (string Name, string Outcome, Func<int, string> Text)[] All =
    [
        ("many parameters", InputLimitException.TooComplex, size => With($"Content-Type: text/x-shellscript{Parameters(size)}\n\n#!/bin/sh\n")),
        ("many parameters of the message", InputLimitException.TooComplex, size => $"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b{Parameters(size)}\n\n--b\n{Script}\n--b--\n"),
        ("as many parameters as are taken", NastyYaml.Taken, size => With([.. Enumerable.Repeat($"Content-Type: text/x-shellscript{Parameters(31_000)}\n\n#!/bin/sh\n", Math.Clamp(size / 32_000, 1, 31))])),
        ("as many parameters of the disposition", NastyYaml.Taken, size => With([.. Enumerable.Repeat($"Content-Type: text/x-shellscript\nContent-Disposition: attachment{Parameters(31_000)}\n\n#!/bin/sh\n", Math.Clamp(size / 32_000, 1, 31))])),
        ("parameters in pieces", NastyYaml.Taken, size => With([.. Enumerable.Repeat($"Content-Type: text/x-shellscript{NastyYaml.Numbered(30_000, at => $"; a*{Convert.ToInt32(at, 16)}*=b")}\n\n#!/bin/sh\n", Math.Clamp(size / 40_000, 1, 31))])),
        ("parameters over many lines", InputLimitException.TooComplex, size => With($"Content-Type: text/x-shellscript{NastyYaml.Numbered(size, at => $";\n a{at}=b")}\n\n#!/bin/sh\n")),
        ("open comments", NastyYaml.Form, size => With([.. Enumerable.Repeat($"Content-Type: text/plain; {new string('(', 31_000)}\n\nx\n", Math.Clamp(size / 32_000, 1, 31))])),
        ("encoded words", NastyYaml.Taken, size => With([.. Enumerable.Repeat($"Content-Type: text/x-shellscript\nMerge-Type: str()\nContent-Description: {NastyYaml.Fill("=?utf-8?q?a?= ", 31_000)}\n\n#!/bin/sh\n", Math.Clamp(size / 32_000, 1, 31))])),
        ("many headers", InputLimitException.TooComplex, size => With($"{NastyYaml.Fill("X: y\n", size)}{Script}")),
        ("a long header", InputLimitException.TooComplex, size => With($"X: {NastyYaml.Fill("y", size)}\n{Script}")),
        ("a header with no end", InputLimitException.TooComplex, size => $"MIME-Version: 1.0\n{NastyYaml.Fill("y", size)}"),
        ("many parts", InputLimitException.TooComplex, size => With([.. Enumerable.Repeat(Script, size / (Script.Length + 5))])),
        ("many empty parts", InputLimitException.TooComplex, size => $"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{NastyYaml.Fill("--b\n\n", size)}--b--\n"),
        ("many multi-parts within each other", InputLimitException.TooComplex, Nested),
        ("many messages within each other", NastyYaml.Form, size => $"MIME-Version: 1.0\n{NastyYaml.Fill("Content-Type: message/rfc822\n\n", Math.Min(size, 1000))}{NastyYaml.Fill("x", size)}"),
        ("many lines like boundaries", NastyYaml.Taken, size => With($"{Script}{NastyYaml.Fill("--\n", size)}")),
        ("one long line", NastyYaml.Taken, size => With($"{Script}{NastyYaml.Fill("x", size)}")),
        ("much base64", NastyYaml.Taken, size => With($"Content-Type: text/x-shellscript\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(Encoding.ASCII.GetBytes("#!/bin/sh\n" + NastyYaml.Fill("x", size * 7 / 10)))}\n")),
        ("much quoted-printable", NastyYaml.Taken, size => With($"Content-Type: text/x-shellscript\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh\n{NastyYaml.Fill("=41", size)}\n")),
        ("many parts that are nodes to the full", InputLimitException.TooComplex, size => With([.. Enumerable.Repeat($"Content-Type: text/cloud-config\n\na: &a [{NastyYaml.Fill("b,", 1000)}]\nc: [{NastyYaml.Fill("*a,", 300)}]\n", Math.Clamp(size / 2000, 1, 60))])),
        ("an archive of many entries", InputLimitException.TooComplex, size => $"#cloud-config-archive\n{NastyYaml.Fill("- \"#!/bin/sh\"\n", size)}"),
        ("an archive of aliases", InputLimitException.TooLarge, size => $"#cloud-config-archive\n- &a \"#!/bin/sh\\n{NastyYaml.Fill("b", size / 2)}\"\n- *a\n- *a\n"),
        ("a long script", NastyYaml.Taken, size => $"#!/bin/sh\n{NastyYaml.Fill("echo\n", size)}"),
        ("spaces before the kind", NastyYaml.Form, size => $"{NastyYaml.Fill(" ", size)}x"),
    ];

    private static string With(params string[] parts) => CallersUserDataTests.Mime(parts);

    private static string Parameters(int size) => NastyYaml.Numbered(size, at => $"; a{at}=b");

    private static string Nested(int size)
    {
        var text = new StringBuilder("MIME-Version: 1.0\n");
        for (var level = 0; text.Length < size; level++)
            text.Append($"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        return text.ToString();
    }
}
