namespace AutoProvision.Http;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    public static IEnumerable<string> Files(string directory, string pattern) => Directory
        .EnumerateFiles(Path.Combine(Root, directory), pattern, SearchOption.AllDirectories)
        .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));

    private static string Find(DirectoryInfo? directory) => directory switch
    {
        null => throw new DirectoryNotFoundException("AutoProvision.sln is in no directory above the tests."),
        _ when File.Exists(Path.Combine(directory.FullName, "AutoProvision.sln")) => directory.FullName,
        _ => Find(directory.Parent),
    };
}
