using System.Globalization;
using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>
/// Holds a caller's cloud-config to the schemas of the oldest and the newest cloud-init that is looked after. A type that both refuse is refused, with
/// the place and what mends it: cloud-init itself only warns, and goes on with another value or without any. What one of them takes is taken.
/// </summary>
internal static class CloudConfigSchema
{
    private const int MostTold = 10;

    private static readonly Lazy<IReadOnlyDictionary<string, CloudConfigTypes>[]> Versions = new(() => [CloudConfigTypes.Load("22.4"), CloudConfigTypes.Load("25.1")]);

    // Read by cloud-init itself or by modules that its schemas leave out.
    private static readonly HashSet<string> Further = [.. "ssh_svcname unverified_modules".Split(' ')];

    /// <summary>What is refused, if anything, and JSON pointers of the keys that neither version knows, each to be ignored by the guest.</summary>
    public static (string? Refusal, IReadOnlyList<string> Unknown) Judge(YamlMap config)
    {
        var (errors, unknown) = (new List<CloudConfigTypeError>(), new List<string>());
        foreach (var (key, value) in config.Entries)
            Check(key.Text, value, errors, unknown);
        var told = string.Join("; ", errors.Take(MostTold).Select(Told)) + (errors.Count > MostTold ? $"; and {errors.Count - MostTold} more" : "");
        return (errors.Count > 0 ? told : null, unknown);
    }

    private static void Check(string key, YamlValue value, List<CloudConfigTypeError> errors, List<string> unknown)
    {
        var pointer = "/" + key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        // A version that lacks the key has nothing to say of it.
        var types = Versions.Value.Select(version => version.GetValueOrDefault(key)).OfType<CloudConfigTypes>().ToArray();
        if (types.Length == 0 && !Further.Contains(key))
            unknown.Add(pointer);
        var found = types.Select(type =>
        {
            var (wrong, strange) = (new List<CloudConfigTypeError>(), new List<string>());
            type.Check(value, pointer, wrong, strange);
            return (Wrong: wrong, Strange: strange);
        }).ToArray();
        if (found.Length == 0)
            return;
        var newest = found[^1];
        if (found.All(it => it.Wrong.Count > 0))
        {
            var oldest = found[0].Wrong.Select(error => error.Pointer).ToHashSet();
            var both = newest.Wrong.Where(error => oldest.Contains(error.Pointer)).ToArray();
            errors.AddRange(both.Length > 0 ? both : [.. newest.Wrong]);
        }
        else
        {
            var known = found[0].Strange.ToHashSet();
            unknown.AddRange(newest.Strange.Where(known.Contains));
        }
    }

    private static string Told(CloudConfigTypeError error) => $"{error.Pointer} (line {error.Value.Line}) is {Shown(error.Value)}, not {Named(error.Expected)}{Mend(error)}";

    private static string Shown(YamlValue value) => value switch
    {
        YamlMap => "a mapping",
        YamlList => "a list",
        YamlScalar { Kind: YamlKind.Nothing } => "nothing",
        YamlScalar { Kind: YamlKind.Flag } scalar => $"the boolean {(scalar.Value is true ? "true" : "false")}{Written(scalar, scalar.Value is true ? "true" : "false")}",
        YamlScalar { Kind: YamlKind.Integer } scalar => $"the number {Short(scalar.Value!.ToString()!)}{Written(scalar, scalar.Value!.ToString()!)}",
        YamlScalar { Kind: YamlKind.Number } scalar => $"the number {Short(scalar.Text)}",
        YamlScalar { Kind: YamlKind.Timestamp } scalar => $"the date {scalar.Text}",
        YamlScalar scalar => $"the text \"{Short(scalar.Text)}\"",
        _ => "",
    };

    private static string Written(YamlScalar scalar, string value) => scalar.Text == value ? "" : $" (written {Short(scalar.Text)})";

    private static string Mend(CloudConfigTypeError error) => error.Value switch
    {
        YamlScalar { Kind: YamlKind.Flag or YamlKind.Integer or YamlKind.Number or YamlKind.Timestamp } scalar when error.Expected.HasFlag(CloudConfigType.Text) => $": write \"{Short(scalar.Text)}\" in quotes",
        YamlScalar { Kind: YamlKind.Text } scalar when error.Expected.HasFlag(CloudConfigType.Flag) && YamlScalars.Resolve(scalar.Text) == YamlKind.Flag => $": write {scalar.Text} without quotes",
        YamlScalar { Kind: YamlKind.Text } scalar when error.Expected.HasFlag(CloudConfigType.Integer) && YamlScalars.Resolve(scalar.Text) == YamlKind.Integer => $": write {Short(scalar.Text)} without quotes",
        YamlScalar { Kind: not YamlKind.Nothing } scalar when error.Expected == CloudConfigType.List => $": write [\"{Short(scalar.Text)}\"]",
        YamlScalar { Kind: YamlKind.Nothing } => ": give it a value, or leave it out",
        _ => "",
    };

    private static string Named(CloudConfigType types) => string.Join(" or ", Names.Where(it => types.HasFlag(it.Type)).Select(it => it.Name));

    private static readonly (CloudConfigType Type, string Name)[] Names =
    [
        (CloudConfigType.Text, "a text"), (CloudConfigType.Integer, "a whole number"), (CloudConfigType.Number, "a number"), (CloudConfigType.Flag, "true or false"),
        (CloudConfigType.List, "a list"), (CloudConfigType.Map, "a mapping"), (CloudConfigType.Nothing, "null"),
    ];

    private static string Short(string text) => text.Length > 40 ? string.Create(CultureInfo.InvariantCulture, $"{text[..40]}...") : text;
}
