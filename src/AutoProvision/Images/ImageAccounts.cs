namespace AutoProvision.Images;

/// <summary>
/// The list of accounts that a recipe leaves beside an image, IMAGE.accounts: a line <c>bytes N</c> with the image's length, then one
/// line <c>user NAME</c> or <c>group NAME</c> for each. An image without it, or of another length, has no known accounts.
/// </summary>
internal static class ImageAccounts
{
    private const string User = "user ";

    public static string PathFor(string image) => image + ".accounts";

    /// <summary>The names of its users; none where they are not known.</summary>
    public static IReadOnlySet<string> UsersOf(string image)
    {
        try
        {
            var lines = File.ReadAllLines(PathFor(image));
            return lines.Contains($"bytes {new FileInfo(image).Length}") ? lines.Where(line => line.StartsWith(User, StringComparison.Ordinal)).Select(line => line[User.Length..]).ToHashSet() : new HashSet<string>();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new HashSet<string>();
        }
    }
}
