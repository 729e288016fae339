using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>Files of a caller's own cloud-config that have to wait for a mount or a home.</summary>
internal static class LateFiles
{
    private const string Key = "write_files";

    /// <summary>The part, with <c>defer</c> set on each file that is late and says nothing of that itself.</summary>
    public static CallersPart Deferred(CallersPart part, Func<string, bool> isLate) =>
        part.Config is { } root && root[Key] is YamlList files && files.Items.Any(file => IsToWait(file, isLate))
            ? part with { Config = new YamlMap([.. root.Entries.Select(entry => entry.Key.Value is Key ? (entry.Key, (YamlValue)new YamlList([.. files.Items.Select(file => IsToWait(file, isLate) ? Waiting((YamlMap)file) : file)])) : entry)]) }
            : part;

    private static bool IsToWait(YamlValue file, Func<string, bool> isLate) =>
        file is YamlMap map && map["defer"] is null && map["path"] is YamlScalar { Value: string path } && isLate(Path.GetFullPath(path, "/"));

    private static YamlMap Waiting(YamlMap file) => new([.. file.Entries, (new YamlScalar(YamlKind.Text, "defer", "defer"), new YamlScalar(YamlKind.Flag, "true", true))]);
}
