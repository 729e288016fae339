using System.Text;
using System.Text.Json;
using AutoProvision.Inputs;
using AutoProvision.Processes;
using FsCheck.Fluent;

namespace AutoProvision.CloudInit;

/// <summary>cloud-init reads with PyYAML, so PyYAML has the last word on what we write. Needs Debian's python3-yaml.</summary>
public class PyYamlTests
{
    private const string Python = "/usr/bin/python3";

    // A case a line on standard input; the differences, if any, on standard output.
    private const string Compare = """
        import base64, json, sys, yaml
        for line in sys.stdin:
            case = json.loads(line)
            text = case["text"]
            try:
                # As cloud-init does: from bytes, without tags of Python's.
                config = yaml.safe_load(case["yaml"].encode("utf-8"))
                file = config["write_files"][0]
                content = file["content"]
                if "encoding" in file:
                    content = base64.b64decode(content).decode("utf-8")
                read = [config["runcmd"][0][1], config["runcmd"][1], config["bootcmd"][0][1], content]
            except Exception as e:
                read = [repr(e)]
            if read != [text] * 4 or file["permissions"] != "0644":
                print(ascii(text), "became", ascii(read))
        print("compared")
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PyYaml_reads_back_every_text_exactly()
    {
        var everyBmpCharacter = Enumerable.Range(1, 0xFFFF).Where(Rune.IsValid).Select(code => $"a{(char)code}b");
        var texts = HostileText.Values.Concat(HostileText.Text.Sample(1000)).Concat(everyBmpCharacter.Chunk(16).Select(some => string.Concat(some)));

        var result = await Run(["-c", Compare], string.Concat(texts.Select(Case)));

        Assert.True(result.Succeeded, result.Evidence);
        Assert.Equal("compared\n", result.Output);
    }

    /// <summary>A caller's file that is made to wait: nothing else of the text means anything else than before.</summary>
    [Fact]
    public async Task PyYaml_reads_a_callers_text_with_deferred_files_as_it_read_the_text()
    {
        const string Same = """
            import json, sys, yaml
            for line in sys.stdin:
                case = json.loads(line)
                before, after = yaml.safe_load(case["before"]), yaml.safe_load(case["after"])
                for file in before["write_files"]:
                    file["defer"] = True
                if before != after or repr(before) != repr(after):
                    print(ascii(before), "became", ascii(after))
            print("compared")
            """;
        string[] values =
        [
            "yes", "'yes'", "\"yes\"", "0644", "0o644", "1e3", "12:30:45", "1_000", "~", "", "{a: , b}", "!!null", "!!str", "''", ".inf", "2001-12-14", "!!binary aGk=", "!!str 5", "[a, {b: c}]",
            "\"\\u00fc\\t\\0 \\\" \\\\ \\x85\"", "'it''s'", "a # comment", "\"# no comment\"", "|\n    a: b\n     c\n\n", ">\n    a\n    b\n\n    c\n", "|-\n    a", "|+\n    a\n\n", "|2\n     a\n", "ü 😀",
        ];
        var cases = values.Select(value => $"#cloud-config\nwrite_files:\n- path: /home/a/b\n  content: {value}\nother: &x {{a: 1, 2: b, true: c}}\nagain: *x\nmerged: {{<<: *x, z: 1}}\n")
            .Select(before => (before, after: LateFiles.Deferred(Part(before), path => path == "/home/a/b").Rendered)).ToList();
        Assert.All(cases, it => Assert.NotEqual(it.before, it.after));

        var result = await Run(["-c", Same], string.Concat(cases.Select(it => JsonSerializer.Serialize(new { it.before, it.after }) + "\n")));

        Assert.True(result is { Succeeded: true, Output: "compared\n" }, result.Output + result.Evidence);
    }

    // As they are read; what cloud-init's schemas say of them is another matter.
    private static CallersPart Part(string text) => new(CallersPart.CloudConfig, text, Config: CloudConfigRules.Read(text, InputBudget.OfRequest("it", TestContext.Current.CancellationToken)));

    private static string Case(string text)
    {
        var yaml = new CloudInitBuilder().AddCommand("echo", text).AddShellCommand(text).AddBootCommand("echo", text).AddFile("/a", text).BuildYaml();
        return JsonSerializer.Serialize(new { text, yaml }) + "\n";
    }

    private static Task<ProcessResult> Run(string[] arguments, string? input = null) =>
        new ProcessRunner(TimeProvider.System).RunAsync(new ProcessCommand(Python, arguments) { Input = input }, Cancellation);
}
