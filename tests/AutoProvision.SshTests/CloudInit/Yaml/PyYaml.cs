using System.Text.Json;
using System.Text.Json.Nodes;
using AutoProvision.Processes;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>Pure-Python PyYAML, the reader that cloud-init has: of both Debians where deploy/test has fetched their packages, else this machine's.</summary>
/// <param name="Directory">Where its package yaml is; null for this machine's.</param>
internal sealed record PyYaml(string? Directory)
{
    /// <summary>Debian 12's and 13's, in this order.</summary>
    public static IReadOnlyList<PyYaml> All { get; } = Environment.GetEnvironmentVariable("AUTOPROVISION_PYYAML") is { Length: > 0 } directories
        ? [.. directories.Split(':').Select(directory => new PyYaml(directory))]
        : [new PyYaml(Directory: null)];

    /// <summary>Its version, and for each text what it is loaded as, or null and why it is not.</summary>
    public async Task<(string Version, IReadOnlyList<(JsonNode? Value, string? Error)> Loaded)> LoadAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "safe_load.py"), .. Directory is null ? Array.Empty<string>() : [Directory]];
        var command = new ProcessCommand("/usr/bin/python3", arguments) { Input = JsonSerializer.Serialize(texts) + "\n", Timeout = TimeSpan.FromMinutes(10) };
        var result = await new ProcessRunner(TimeProvider.System).RunAsync(command, cancellation);
        Assert.True(result.Succeeded, result.Evidence);
        var lines = result.Output.Split('\n');
        return (JsonNode.Parse(lines[0])!.GetValue<string>(), [.. JsonNode.Parse(lines[1], documentOptions: new JsonDocumentOptions { MaxDepth = 500 })!.AsArray().Select(it => (it!["value"], (string?)it["error"]))]);
    }
}
