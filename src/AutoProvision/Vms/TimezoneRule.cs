using System.Text.RegularExpressions;

namespace AutoProvision.Vms;

/// <summary>Names of the tz database (https://www.iana.org/time-zones). .NET alone would take Windows' names too.</summary>
internal static partial class TimezoneRule
{
    private const string Database = "/usr/share/zoneinfo";

    public static string? Check(string? name, FaultList faults)
    {
        if (name is not null && (!Name().IsMatch(name) || (Directory.Exists(Database) && !IsZone(Path.Combine(Database, name)))))
            faults.Add("/timezone", "timezone_unknown", $"\"{name}\" is no time zone of the tz database.", "Such as \"Europe/Vienna\" or \"UTC\".");
        return name;
    }

    // Other files lie there as well; a zone begins with this (RFC 8536).
    private static bool IsZone(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("TZif"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,32}){0,2}\z")]
    private static partial Regex Name();
}
