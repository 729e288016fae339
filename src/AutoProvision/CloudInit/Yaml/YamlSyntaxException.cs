namespace AutoProvision.CloudInit.Yaml;

/// <summary>A document that cloud-init's YAML reader could not load, or that two readers would read differently.</summary>
/// <param name="line">Where, counted from 1.</param>
/// <param name="message">Why.</param>
internal sealed class YamlSyntaxException(int line, string message) : FormatException(message)
{
    public int Line { get; } = line;
}
