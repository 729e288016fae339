using System.Globalization;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>What there is at a path of a guest.</summary>
/// <param name="Name">Without its directory.</param>
/// <param name="Kind">What it is; an entry of a directory may be a symbolic link.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Mode">Permissions, octal.</param>
/// <param name="Owner">Name of its user, or the number where it has none.</param>
/// <param name="Group">Name of its group, likewise.</param>
/// <param name="ModifiedAt">When its content changed last.</param>
/// <param name="Entries">Of a directory: what is in it, by name; 10,000 at most.</param>
/// <param name="Truncated">Of a directory: whether there is more.</param>
public sealed record GuestFileStat(
    string Name, FileKind Kind, long Size, string Mode, string Owner, string Group, DateTimeOffset ModifiedAt,
    IReadOnlyList<GuestFileStat>? Entries = null, bool? Truncated = null)
{
    internal static GuestFileStat From(string name, SftpAttributes attributes, AccountNames names) => new(
        name, attributes.Kind, attributes.Size ?? 0, OctalMode(attributes), names.User(attributes.Owner?.User ?? 0), names.Group(attributes.Owner?.Group ?? 0), attributes.Modified);

    private static string OctalMode(SftpAttributes attributes) => Convert.ToString((int)attributes.Permissions, 8).PadLeft(4, '0').ToString(CultureInfo.InvariantCulture);
}
