using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.Images;

namespace AutoProvision.Http;

public sealed partial class DocumentationTests
{
    // The guide explains those of cloud-init's own words that look like codes.
    private static readonly string Codes = Read("troubleshooting.md") + Read("guide.md");
    private static readonly string Settings = Read("configuration.md");

    [Fact]
    public void Every_failure_code_of_the_source_is_explained()
    {
        var codes = Repository.Files("src", "*.cs")
            .SelectMany(path => CodeInSource().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups["code"].Value)
            .Distinct().Order(StringComparer.Ordinal).ToList();

        Assert.Contains("vm_not_found", codes);
        Assert.All(codes, code => Assert.True(Codes.Contains($"`{code}`", StringComparison.Ordinal), $"docs/troubleshooting.md does not explain {code}."));
    }

    [Fact]
    public void Every_setting_is_explained_with_its_environment_variable()
    {
        var rows = SettingRow().Matches(Settings).ToDictionary(row => row.Groups["setting"].Value, row => row.Groups["variable"].Value);
        using var stream = File.OpenRead(Path.Combine(Repository.Root, "appsettings.json"));
        using var settings = JsonDocument.Parse(stream);

        var expected = Leaves("", settings.RootElement).Concat(Sections().SelectMany(section => Properties(section.Name, section.Type))).Distinct()
            .Where(setting => !setting.StartsWith("Serilog:", StringComparison.Ordinal) && !setting.StartsWith("Images:Catalog:", StringComparison.Ordinal));

        Assert.Equal(["Admission", "AutoProvision", "Images", "Libvirt", "Provisioning", "Ssh", "Vms", "Webhooks"], Sections().Select(section => section.Name).Order(StringComparer.Ordinal));
        Assert.All(expected, setting => Assert.Contains(setting, rows.Keys));
        Assert.All(rows, row => Assert.Equal(row.Key.Replace(":", "__", StringComparison.Ordinal), row.Value));
    }

    private static string Read(string document) => File.ReadAllText(Path.Combine(Repository.Root, "docs", document));

    // Every options class says by a constant which section it is.
    private static IEnumerable<(string Name, Type Type)> Sections() =>
        from type in typeof(ServiceOptions).Assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section is not null
        select ((string)section.GetRawConstantValue()!, type);

    private static IEnumerable<string> Properties(string path, Type type) => type.GetProperties()
        .Where(property => property.CanWrite && property.Name != nameof(ImagesOptions.Catalog))
        .SelectMany(property => property.PropertyType.Assembly == type.Assembly && property.PropertyType.IsClass
            ? Properties($"{path}:{property.Name}", property.PropertyType)
            : [$"{path}:{property.Name}"]);

    private static IEnumerable<string> Leaves(string path, JsonElement element) =>
        element.ValueKind != JsonValueKind.Object ? [path] : element.EnumerateObject()
            .SelectMany(member => Leaves(path.Length == 0 ? member.Name : $"{path}:{member.Name}", member.Value));

    // A code stands before its cause, which is a text, or has a constant of its own.
    [GeneratedRegex("""(?:const string \w+ = "(?<code>[a-z0-9]+(_[a-z0-9]+)+)";)|(?:(?<!\[)"(?<code>[a-z0-9]+(_[a-z0-9]+)+)",\s*\$?")""")]
    private static partial Regex CodeInSource();

    [GeneratedRegex(@"^\| `(?<setting>[A-Z][\w:.]*)` \| `(?<variable>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();
}
