using System.Globalization;
using System.Text.Json.Nodes;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>cloud-init loads what we write with PyYAML, and would have loaded what the caller wrote: PyYAML says whether our reader reads the same.</summary>
public class PyYamlDifferenceTests
{
    private const int Generated = 2000;
    private const int MostShown = 15;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Odd_documents_are_read_as_PyYAML_reads_them()
    {
        var odd = OddDocument.All;
        Assert.InRange(odd.Count, 102, int.MaxValue);
        foreach (var pyYaml in PyYaml.All)
        {
            var loads = await CompareAsync(pyYaml, $"{odd.Count} odd documents", [.. odd.Select(it => it.Yaml)]);
            var others = odd.Zip(loads).Where(it => it.First.Loads != it.Second).Select(it => $"{JsonValue.Create(it.First.Yaml).ToJsonString()}: {it.Second}").ToArray();
            Assert.True(others.Length == 0, $"Loaded by others than before:\n{string.Join('\n', others)}");
        }
    }

    [Fact]
    public async Task Generated_documents_are_read_as_PyYAML_reads_them()
    {
        var seed = Environment.GetEnvironmentVariable("AUTOPROVISION_YAML_SEED") is { Length: > 0 } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : (ulong)Random.Shared.NextInt64();
        var documents = GeneratedYaml.Make(seed, Generated);
        foreach (var pyYaml in PyYaml.All)
        {
            var loads = await CompareAsync(pyYaml, $"{documents.Count} generated documents (AUTOPROVISION_YAML_SEED={seed})", documents);
            // They are there to be read, not only to be refused.
            Assert.InRange(loads.Count(it => it == Loaders.Both), documents.Count / 10, documents.Count);
        }
    }

    private static async Task<IReadOnlyList<Loaders>> CompareAsync(PyYaml pyYaml, string what, IReadOnlyList<string> texts)
    {
        var ours = texts.Select(Read).ToArray();
        var written = ours.Select(it => it.Written ?? "").ToArray();
        // In its place a space means the same, but for blocks of text, which begin with the first other character.
        var spaced = texts.Select(text => text.IndexOfAny(['|', '>']) < 0 ? text.Replace('\t', ' ') : text);
        var (version, loaded) = await pyYaml.LoadAsync([.. texts, .. written, .. spaced], Cancellation);
        var differences = new List<string>();
        var loads = new List<Loaders>();
        var tabs = 0;
        foreach (var (index, (value, _, _)) in ours.Index())
        {
            var (original, again, other) = (loaded[index], loaded[texts.Count + index], loaded[(2 * texts.Count) + index]);
            loads.Add((value is not null, original.Error is null) switch { (true, true) => Loaders.Both, (true, false) => Loaders.Ours, (false, true) => Loaders.PyYaml, _ => Loaders.None });
            if (value is null)
                continue;
            if (!JsonNode.DeepEquals(value, again.Value))
                differences.Add($"{Shown(texts[index])} is {value.ToJsonString()}, and what we write of it, {Shown(written[index])}, is {again.Value?.ToJsonString() ?? again.Error}");
            if (original.Error is null && !JsonNode.DeepEquals(value, original.Value))
                differences.Add($"{Shown(texts[index])} is {value.ToJsonString()}, and to PyYAML {original.Value?.ToJsonString()}");
            if (original.Error is null || other.Error is not null)
                continue;
            tabs++;
            if (WithoutTabs(value) != WithoutTabs(other.Value))
                differences.Add($"{Shown(texts[index])} is {value.ToJsonString()}, and to PyYAML, with spaces for tabs, {other.Value?.ToJsonString()}");
        }
        Console.WriteLine($"figure: PyYAML {version}, {what}: {loads.Count(it => it == Loaders.Both)} loaded by both, {loads.Count(it => it == Loaders.None)} by none, {differences.Count} differences");
        Print(version, "by our reader alone", Loaders.Ours, index => loaded[index].Error!);
        Print(version, "by PyYAML alone", Loaders.PyYaml, index => ours[index].Error!);
        Assert.Empty(differences);
        return loads;

        void Print(string version, string who, Loaders which, Func<int, string> why)
        {
            var all = loads.Index().Where(it => it.Item == which).ToArray();
            Console.WriteLine($"figure: PyYAML {version}, {what}: {all.Length} loaded {who}{(which == Loaders.Ours ? $", {tabs} of them by PyYAML too with spaces for tabs" : "")}");
            foreach (var (index, _) in all.Take(MostShown))
                Console.WriteLine($"  {Shown(texts[index])}: {Shown(why(index))}");
        }
    }

    private static (JsonArray? Value, string? Written, string? Error) Read(string text)
    {
        try
        {
            var root = YamlReader.Read(text, InputBudget.OfRequest("it", Cancellation));
            return (TypedJson.Of(root), root is null ? "" : YamlWriter.Write(root), null);
        }
        catch (ArgumentException e)
        {
            return (null, null, e.Message);
        }
    }

    private static string WithoutTabs(JsonNode? value) => value?.ToJsonString().Replace("\\t", " ", StringComparison.Ordinal) ?? "";

    private static string Shown(string text) =>
        JsonValue.Create(text.Length > 160 ? text[..160] + "..." : text).ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
