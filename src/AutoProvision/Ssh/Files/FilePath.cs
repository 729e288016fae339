using System.Text;
using AutoProvision.CloudInit;

namespace AutoProvision.Ssh.Files;

/// <summary>Paths in a guest.</summary>
internal static class FilePath
{
    // PATH_MAX of Linux, with its NUL.
    private const int Longest = 4095;

    // NAME_MAX of Linux.
    private const int LongestName = 255;

    /// <summary>Absolute and without "." and ".."; slashes that mean nothing are taken out. A name may hold anything but NUL.</summary>
    /// <exception cref="ArgumentException"/>
    public static string Check(string value)
    {
        CloudInitRules.Encodable(value, "Path");
        if (!value.StartsWith('/'))
            throw CloudInitRules.Bad("Path", value, "is not an absolute path");
        var parts = value.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Any(part => part is "." or ".."))
            throw CloudInitRules.Bad("Path", value, "has a \".\" or \"..\" part");
        if (parts.Any(part => Encoding.UTF8.GetByteCount(part) > LongestName))
            throw CloudInitRules.Bad("Path", value, $"has a part of more than {LongestName} bytes");
        CheckLength(value, "Path");
        return "/" + string.Join('/', parts);
    }

    /// <summary>What a symbolic link may hold.</summary>
    /// <exception cref="ArgumentException"/>
    public static string CheckTarget(string value)
    {
        CloudInitRules.Encodable(value, "Link target");
        CheckLength(value, "Link target");
        return value.Length > 0 ? value : throw CloudInitRules.Bad("Link target", value, "is empty");
    }

    public static string In(string directory, string name) => directory == "/" ? "/" + name : $"{directory}/{name}";

    public static string Parent(string path) => path.LastIndexOf('/') is > 0 and var at ? path[..at] : "/";

    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>A name for a file that is not whole yet.</summary>
    public static string Temporary() => $".autoprovision-{Guid.NewGuid():N}.part";

    private static void CheckLength(string value, string what)
    {
        if (Encoding.UTF8.GetByteCount(value) > Longest)
            throw CloudInitRules.Bad(what, value, $"is longer than {Longest} bytes");
    }
}
