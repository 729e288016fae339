using System.Text;
using System.Text.Json;
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
        var texts = HostileText.Values.Concat(HostileText.Text.Sample(3000)).Concat(everyBmpCharacter.Chunk(16).Select(some => string.Concat(some)));

        var result = await Run(["-c", Compare], string.Concat(texts.Select(Case)));

        Assert.True(result.Succeeded, result.Evidence);
        Assert.Equal("compared\n", result.Output);
    }

    private static string Case(string text)
    {
        var yaml = new CloudInitBuilder().AddCommand("echo", text).AddShellCommand(text).AddBootCommand("echo", text).AddFile("/a", text).BuildYaml();
        return JsonSerializer.Serialize(new { text, yaml }) + "\n";
    }

    private static Task<ProcessResult> Run(string[] arguments, string? input = null) =>
        new ProcessRunner(TimeProvider.System).RunAsync(new ProcessCommand(Python, arguments) { Input = input }, Cancellation);
}
