using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>Who loads a document: our reader, PyYAML, both or none.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Loaders>))]
public enum Loaders
{
    None,
    Ours,
    PyYaml,
    Both,
}

/// <summary>A document that readers of YAML disagree about, or might.</summary>
/// <param name="Yaml">The document.</param>
/// <param name="Loads">Who loads it.</param>
internal sealed record OddDocument(string Yaml, Loaders Loads)
{
    public static IReadOnlyList<OddDocument> All { get; } =
        JsonSerializer.Deserialize<OddDocument[]>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "odd-documents.json")), JsonSerializerOptions.Web)!;
}
