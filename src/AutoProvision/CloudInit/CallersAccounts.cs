using AutoProvision.CloudInit.Yaml;

namespace AutoProvision.CloudInit;

/// <summary>What a caller's own cloud-configs say of users and files, as far as ours must know it.</summary>
/// <param name="Users">Names of users.</param>
/// <param name="Homes">Their home directories, where they are other than useradd's own.</param>
/// <param name="Files">Paths of files, with their owners; null is cloud-init's default, root.</param>
internal sealed record CallersAccounts(IReadOnlyList<string> Users, IReadOnlyList<string> Homes, IReadOnlyList<(string Path, string? Owner)> Files)
{
    // Each file is compared with each of them.
    private const int MostHomes = 64;

    public static CallersAccounts None { get; } = new([], [], []);

    public static CallersAccounts Of(CallersUserData userData)
    {
        var roots = userData.Parts.Select(part => part.Config).OfType<YamlMap>().ToList();
        var users = roots.SelectMany(root => Items(root, "users")).ToList();
        return new(
            [.. users.Select(user => Text(user) ?? Text(user, "name")).OfType<string>().Where(name => name != "default").Distinct()],
            [.. users.Select(user => Text(user, "homedir")).OfType<string>().Where(home => home.StartsWith('/')).Distinct().Take(MostHomes)],
            [.. roots.SelectMany(root => Items(root, "write_files")).Select(file => (Text(file, "path"), Text(file, "owner"))).Where(file => file.Item1 is not null).Select(file => (file.Item1!, file.Item2))]);
    }

    private static IReadOnlyList<YamlValue> Items(YamlMap root, string key) => (root[key] as YamlList)?.Items ?? [];

    private static string? Text(YamlValue? value) => (value as YamlScalar)?.Value as string;

    private static string? Text(YamlValue value, string key) => Text((value as YamlMap)?[key]);
}
