using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>What a caller's own cloud-configs say of users, files and mounts, as far as ours must know it.</summary>
/// <param name="Users">Names of users.</param>
/// <param name="Homes">Their home directories, where they are other than useradd's own.</param>
/// <param name="Mounts">Mount points.</param>
/// <param name="Files">Paths of files, with their owners; null is cloud-init's default, root.</param>
internal sealed record CallersAccounts(IReadOnlyList<string> Users, IReadOnlyList<string> Homes, IReadOnlyList<string> Mounts, IReadOnlyList<(string Path, string? Owner)> Files)
{
    // Each file is compared with each home and mount point.
    private const int MostPlaces = 64;

    public static CallersAccounts None { get; } = new([], [], [], []);

    public static CallersAccounts Of(CallersUserData userData)
    {
        var roots = userData.Parts.Select(part => part.Config).OfType<YamlMap>().ToList();
        var users = roots.SelectMany(root => Items(root, "users")).ToList();
        return new(
            [.. users.Select(user => Text(user) ?? Text(user, "name")).OfType<string>().Where(name => name != "default").Distinct()],
            Places(users.Select(user => Text(user, "homedir"))),
            Places(roots.SelectMany(root => Items(root, "mounts")).Select(mount => mount is YamlList { Items: [_, var at, ..] } ? Text(at) : null)),
            [.. roots.SelectMany(root => Items(root, "write_files")).Select(file => (Text(file, "path"), Text(file, "owner"))).Where(file => file.Item1 is not null).Select(file => (file.Item1!, file.Item2))]);
    }

    private static string[] Places(IEnumerable<string?> paths) =>
        [.. paths.OfType<string>().Where(path => path.StartsWith('/') && !path.Contains('\0')).Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))).Where(path => path != "/").Distinct().Take(MostPlaces)];

    private static IReadOnlyList<YamlValue> Items(YamlMap root, string key) => (root[key] as YamlList)?.Items ?? [];

    private static string? Text(YamlValue? value) => (value as YamlScalar)?.Value as string;

    private static string? Text(YamlValue value, string key) => Text((value as YamlMap)?[key]);
}
