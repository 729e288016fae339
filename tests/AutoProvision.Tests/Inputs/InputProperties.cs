using System.Text;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.CloudInit;
using AutoProvision.Vms;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Inputs;

/// <summary>Whatever is sent is taken or refused with a known code; nothing else ever comes of it, and what is taken keeps to the limits.</summary>
[Properties(Arbitrary = [typeof(YamlText), typeof(MessageText), typeof(JsonBody), typeof(AnyText)], MaxTest = 1000)]
public sealed class InputProperties
{
    private static readonly string[] Codes = ["user_data_invalid", "network_config_invalid", InputLimitException.TooLarge, InputLimitException.TooComplex];

    [Property]
    public void Any_YAML_is_taken_or_refused_as_user_data(YamlText yaml)
    {
        Check("#cloud-config\n" + yaml.Value);
        Check("#cloud-config-archive\n" + yaml.Value);
        Check(CallersUserDataTests.Mime("Content-Type: text/cloud-config; charset=utf-8\n\n" + yaml.Value));
    }

    [Property]
    public void Any_YAML_is_taken_or_refused_as_network_config(YamlText yaml)
    {
        CodesOf(faults => NicRules.Config(yaml.Value, faults));
        CodesOf(faults => NicRules.Config("version: 2\nethernets: {}\n" + yaml.Value, faults));
    }

    [Property]
    public void Any_message_is_taken_or_refused(MessageText message) => Check(message.Value);

    [Property]
    public void Any_text_is_taken_or_refused(AnyText text)
    {
        Check(text.Value);
        Check("#cloud-config\n" + text.Value);
        Check("MIME-Version: 1.0\n" + text.Value);
    }

    [Property]
    public void Any_YAML_becomes_JSON_within_its_limits_or_is_refused(YamlText yaml)
    {
        try
        {
            var json = YamlToJson.Convert(yaml.Value, InputBudget.OfBody(CancellationToken.None));
            using var document = BoundedJson.Parse(json, InputBudget.OfBody(CancellationToken.None));
            StrictJson.Read<VmRequest>(document.RootElement, new FaultTally());
        }
        catch (Exception e) when (e is FormatException or InputLimitException)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    [Property]
    public void Any_JSON_is_read_or_refused(JsonBody body)
    {
        try
        {
            using var document = BoundedJson.Parse(Encoding.UTF8.GetBytes(body.Value), InputBudget.OfBody(CancellationToken.None));
            var faults = new FaultTally();
            StrictJson.Read<VmRequest>(document.RootElement, faults);
            Assert.InRange(faults.Count, 0, InputLimits.MostErrors);
            Assert.All(faults, fault => Assert.InRange(fault.Pointer.Length, 0, InputLimits.MostPointerLength));
        }
        // What the body's own reader takes for malformed.
        catch (Exception e) when (e is JsonException or InvalidOperationException or InputLimitException)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static void Check(string userData)
    {
        if (CodesOf(faults => GuestRules.UserData(userData, OwnDescriptions.None, faults)) is not [])
            return;
        var parts = CallersUserData.Parse(userData).Parts;
        Assert.InRange(parts.Count, 1, InputLimits.MostParts);
        Assert.InRange(parts.Sum(part => Encoding.UTF8.GetByteCount(part.Body)), 0, InputLimits.MostTextBytes);
        foreach (var part in parts.Where(part => part.ContentType == CallersPart.CloudConfig))
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(part.Rendered));
            Assert.InRange(Nodes(stream.Documents.Single().RootNode, 1), 1, InputLimits.MostNodes);
        }
    }

    // Written out, and so without an end where the limits do not hold.
    private static long Nodes(YamlNode node, int depth)
    {
        Assert.InRange(depth, 1, InputLimits.MostDepth + 1);
        return node switch
        {
            YamlSequenceNode list => 1 + list.Sum(item => Nodes(item, depth + 1)),
            YamlMappingNode map => 1 + map.Children.Sum(entry => 1 + Nodes(entry.Value, depth + 1)),
            _ => 1,
        };
    }

    private static List<string> CodesOf(Action<FaultList> check)
    {
        var faults = new FaultList([]);
        check(faults);
        var codes = Assert.IsType<InvalidRequestException>(Record.Exception(faults.ThrowIfAny) ?? new InvalidRequestException([])).Faults.Select(fault => fault.Code).ToList();
        Assert.All(codes, code => Assert.Contains(code, Codes));
        return codes;
    }
}

/// <summary>Pieces of YAML in any order, often a document and sometimes not.</summary>
public sealed record YamlText(string Value)
{
    private static readonly string[] Pieces =
    [
        "a", "b: ", "c:\n", "- ", "\n", "\n  ", "\n    ", " ", "\t", "[", "]", "{", "}", ", ", ": ", "? ", "&a ", "*a", "&b ", "*b", "&a [*a]", "? &a [*a]\n: v\n", "*a : ",
        "!!str ", "!!binary ", "!mine ", "! ", "!<tag:yaml.org,2002:map> ", "|\n", ">-\n", "|2+\n", "'", "\"", "\\", "\\u0041", "\\ud800", "# x\n", "---\n", "...\n", "%YAML 1.2\n", "%TAG !e! x\n",
        "<<: ", "~", "0x1F", "1e999", ".nan", "2001-12-14", "yes", "\0", "\uFEFF", "\u2028", "\u0085", "\r", "😀", "x: &x [y, y]\n", "z: [*x, *x]\n", "*x",
        "users: ", "packages: ", "write_files: ", "runcmd: ", "merge_how: ", "chpasswd: ", "version: 1\n", "version: 2\n", "config: ", "ethernets: ", "content: ", "type: ",
        "a0: &a0 x\n", "a1: &a1 [*a0, *a0, *a0, *a0]\n", "a2: &a2 [*a1, *a1, *a1, *a1]\n", "a3: &a0 [*a2, *a2, *a2, *a2]\n", new string('[', 40), new string(']', 40), new string(' ', 1100),
    ];

    public static Arbitrary<YamlText> Arbitrary() => Arb.From(
        Gen.Frequency((6, Gen.Elements(Pieces)), (1, HostileText.Anything)).ListOf().Select(parts => new YamlText(string.Concat(parts.Take(40)))), Shrink);

    private static IEnumerable<YamlText> Shrink(YamlText text)
    {
        var half = text.Value.Length / 2;
        return half == 0 ? [] : [new(text.Value[..half]), new(text.Value[half..]), new(text.Value[1..]), new(text.Value[..^1])];
    }
}

/// <summary>Pieces of MIME messages in any order.</summary>
public sealed record MessageText(string Value)
{
    private static readonly string[] Pieces =
    [
        "Content-Type: multipart/mixed; boundary=b\n", "Content-Type: multipart/mixed; boundary=\"c\"\n", "Content-Type: multipart/mixed\n", "\n", "\n", "--b\n", "--b--\n", "--c\n", "--c--\n", "--\n",
        "Content-Type: text/cloud-config\n", "Content-Type: text/x-shellscript; charset=utf-16\n", "Content-Type: text/plain\n", "Content-Type: message/rfc822\n", "Content-Type: ;;;=\n", "Content-Type: text/plain; ((((\n",
        "Content-Type: text/plain; a*0*=utf-8''%41; a*1=b; a*9999999999=c\n", "Content-Transfer-Encoding: base64\n", "Content-Transfer-Encoding: quoted-printable\n", "Content-Transfer-Encoding: x-uuencode\n", "Content-Transfer-Encoding: nothing\n",
        "Content-Disposition: attachment; filename=\"a\"\n", "Content-Disposition: ; filename*=utf-8''%ff\n", "Merge-Type: list(append)\n", "Merge-Type: =?utf-8?b?/w==?=\n", "Content-Length: 5\n", " folded\n", "no header\n", ": \n",
        "#cloud-config\na: b\n", "#cloud-config\n? &a [*a]\n: v\n", "#!/bin/sh\n", "#cloud-boothook\n#!/bin/sh\n", "#cloud-config-archive\n- \"#!/bin/sh\"\n", "IyEvYmluL3NoCg==\n", "=41=\n", "/w==\n", "\r\n", "\0", "ü",
    ];

    public static Arbitrary<MessageText> Arbitrary() => Arb.From(
        Gen.Elements(Pieces).ListOf().Select(parts => new MessageText("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + string.Concat(parts.Take(40)))), Shrink);

    private static IEnumerable<MessageText> Shrink(MessageText text) => text.Value.Split('\n') is { Length: > 4 } lines
        ? Enumerable.Range(3, lines.Length - 3).Select(at => new MessageText(string.Join('\n', lines.Where((_, index) => index != at)))) : [];
}

/// <summary>Pieces of JSON in any order, within braces.</summary>
public sealed record JsonBody(string Value)
{
    private static readonly string[] Pieces =
    [
        "\"name\":", "\"hosts\":", "\"labels\":", "\"users\":", "\"expiresAt\":", "\"environment\":", "\"x/~y\":", "\"\\ud800\":", "\"\\u0000\":", "\"a\"", "\"\\ud800\"", "\"\"", "[", "]", "[]", "{", "}", "{}", ",", ",", ":", "null", "true", "1", "1e999", "-0",
        "[{},{},{}]", "[null,1,\"a\",[],{}]", "{\"a\":1,\"a\":2}", "{\"names\":[null]}", new string('[', 30), new string(']', 30), "\uFEFF", "/*c*/", "\\", "'", " ",
    ];

    public static Arbitrary<JsonBody> Arbitrary() => Arb.From(
        Gen.OneOf(
            Gen.Elements(Pieces).ListOf().Select(parts => "{" + string.Concat(parts.Take(30)) + "}"),
            Gen.Elements(Pieces).ListOf().Select(values => "{" + string.Join(',', Names.Zip(values, (name, value) => $"\"{name}\":{value}")) + "}"))
        .Select(text => new JsonBody(text)));

    private static IEnumerable<string> Names => typeof(VmRequest).GetProperties().Select(it => char.ToLowerInvariant(it.Name[0]) + it.Name[1..]);
}
