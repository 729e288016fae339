using YamlDotNet.RepresentationModel;

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
        var roots = userData.Parts.Where(part => part.ContentType == CallersPart.CloudConfig).Select(LateFiles.Root).OfType<YamlMappingNode>().ToList();
        var users = roots.SelectMany(root => Items(root, "users")).ToList();
        return new(
            [.. users.Select(user => Text(user, "name")).OfType<string>().Where(name => name != "default").Distinct()],
            Places(users.Select(user => user is YamlMappingNode ? Text(user, "homedir") : null)),
            Places(roots.SelectMany(root => Items(root, "mounts")).Select(mount => mount is YamlSequenceNode { Children.Count: > 1 } fields ? (fields[1] as YamlScalarNode)?.Value : null)),
            [.. roots.SelectMany(root => Items(root, "write_files")).Select(file => (Text(file, "path"), Text(file, "owner"))).Where(file => file.Item1 is not null).Select(file => (file.Item1!, file.Item2))]);
    }

    private static string[] Places(IEnumerable<string?> paths) =>
        [.. paths.OfType<string>().Where(path => path.StartsWith('/') && !path.Contains('\0')).Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))).Where(path => path != "/").Distinct().Take(MostPlaces)];

    private static YamlSequenceNode Items(YamlMappingNode root, string key) => YamlText.Get(root, key) as YamlSequenceNode ?? [];

    private static string? Text(YamlNode node, string key) => node switch
    {
        YamlMappingNode map => (YamlText.Get(map, key) as YamlScalarNode)?.Value,
        YamlScalarNode { Value: { } name } => name,
        _ => null,
    };
}
