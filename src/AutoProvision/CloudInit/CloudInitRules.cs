using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit;

/// <summary>What may go into user-data. Each check gives the value back or throws an <see cref="ArgumentException"/> that names the field.</summary>
internal static partial class CloudInitRules
{
    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>RFC 1123 label: 1 to 63 letters, digits and inner hyphens.</summary>
    public static string Label(string value, string what) =>
        LabelPattern().IsMatch(value) ? value
            : throw Bad(what, value, "is no RFC 1123 label (1 to 63 letters, digits and hyphens, no hyphen at either end)");

    /// <summary>Labels joined by dots, 253 characters at most.</summary>
    public static string HostName(string value, string what) =>
        value.Length <= 253 && value.Split('.').All(label => LabelPattern().IsMatch(label)) ? value
            : throw Bad(what, value, "is no host name (RFC 1123 labels joined by dots)");

    /// <summary>
    /// What useradd and groupadd take on every distribution: is_valid_name in lib/chkname.c of shadow-utils (4.8 and later take dots),
    /// in small letters and without the trailing "$" of Samba machines.
    /// </summary>
    public static string AccountName(string value, string what) =>
        AccountPattern().IsMatch(value) ? value
            : throw Bad(what, value, "is not accepted by useradd (a lower-case letter or _ first, then lower-case letters, digits, _, - or .; 32 at most)");

    /// <summary>Absolute, and already in the form in which cloud-init would write it (it applies os.path.abspath).</summary>
    public static string AbsolutePath(string value, string what)
    {
        Line(value, what);
        if (value.Length < 2 || value[0] != '/')
            throw Bad(what, value, "is not an absolute path");
        return value.Split('/').Skip(1).Any(part => part is "" or "." or "..")
            ? throw Bad(what, value, "has an empty, \".\" or \"..\" part")
            : value;
    }

    /// <summary>Three or four octal digits, with or without a leading zero.</summary>
    public static string Mode(string value, string what) =>
        ModePattern().IsMatch(value) ? value : throw Bad(what, value, "is no octal file mode such as 0644");

    /// <summary><c>user</c> or <c>user:group</c>.</summary>
    public static string Owner(string value, string what)
    {
        var parts = value.Split(':');
        if (parts.Length > 2)
            throw Bad(what, value, "is not of the form user or user:group");
        foreach (var part in parts)
            AccountName(part, what);
        return value;
    }

    /// <summary>Where a disk can be mounted: an absolute path of characters that fstab needs no escapes for.</summary>
    public static string MountPoint(string value, string what)
    {
        if (!MountPattern().IsMatch(AbsolutePath(value, what)))
            throw Bad(what, value, "has other characters than letters, digits and \"._-+@\"");
        if (SystemPattern().IsMatch(value))
            throw Bad(what, value, "would hide a directory that the system lives from");
        return IsWithin(ServiceAccount.Home, value) || IsWithin(value, ServiceAccount.Home)
            ? throw Bad(what, value, "would hide the key of the service's own account")
            : value;
    }

    /// <summary>Serial number of a virtio disk: 20 bytes at most (VIRTIO_BLK_ID_BYTES), and nothing that udev would replace or cloud-init take for a partition.</summary>
    public static string DiskName(string value, string what) =>
        DiskPattern().IsMatch(value) ? value
            : throw Bad(what, value, "is no disk name (1 to 20 letters, digits, _ and -, a letter or digit first)");

    /// <summary>By its form a name of the tz database, such as Europe/Berlin.</summary>
    public static string Timezone(string value, string what) =>
        TimezonePattern().IsMatch(value) ? value
            : throw Bad(what, value, "is no name of a time zone such as Europe/Berlin");

    /// <summary>IPv4 in dotted decimal or IPv6, without a zone; .NET alone would also take "1" and "0x7f.1".</summary>
    public static string Address(string value, string what)
    {
        var good = IPAddress.TryParse(value, out var address)
            && (address.AddressFamily == AddressFamily.InterNetwork
                ? address.ToString() == value
                : !value.AsSpan().ContainsAnyExcept(Ipv6Characters));
        return good ? value : throw Bad(what, value, "is no IP address");
    }

    /// <summary>One line that is not blank: no control characters, line or paragraph separators.</summary>
    public static string Line(string value, string what)
    {
        Encodable(value, what);
        if (string.IsNullOrWhiteSpace(value))
            throw Bad(what, value, "is blank");
        return value.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')
            ? throw Bad(what, value, "contains a line break or control character")
            : value;
    }

    /// <summary>Text that can reach a guest as it is: Unicode without NUL, which no path or argument can hold, and without lone surrogates.</summary>
    public static string Encodable(string value, string what)
    {
        ArgumentNullException.ThrowIfNull(value, what);
        if (value.Contains('\0'))
            throw Bad(what, value, "contains NUL");
        return HasLoneSurrogate(value) ? throw Bad(what, value, "contains half of a surrogate pair") : value;
    }

    public static bool HasLoneSurrogate(string value)
    {
        for (var at = 0; at < value.Length;)
        {
            if (Rune.DecodeFromUtf16(value.AsSpan(at), out _, out var length) != OperationStatus.Done)
                return true;
            at += length;
        }
        return false;
    }

    public static ArgumentException Bad(string what, string value, string why) => new($"{what} \"{Shown(value)}\" {why}.");

    private static bool IsWithin(string path, string directory) => $"{path}/".StartsWith($"{directory}/", StringComparison.Ordinal);

    private static string Shown(string value)
    {
        var text = new StringBuilder();
        foreach (var c in value.Length > 80 ? value[..80] : value)
            text.Append(char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c);
        return text.Append(value.Length > 80 ? "..." : "").ToString();
    }

    // \z, not $: "$" also matches before a final line break.
    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_.-]{0,31}\z")]
    private static partial Regex AccountPattern();

    [GeneratedRegex(@"\A(/[A-Za-z0-9._+@-]+)+\z")]
    private static partial Regex MountPattern();

    // The top of the Filesystem Hierarchy Standard 3.0 but for what is data, and what packages and cloud-init remember. In /tmp everybody has to write, as only root may on a new disk.
    [GeneratedRegex(@"\A/((bin|boot|dev|etc|lib(32|64|x32)?|proc|run|sbin|sys|usr(?!/local(/|\z))|var/lib/(cloud|dpkg)|var/(lock|run))(/.*)?|var|var/lib|tmp|var/tmp)\z")]
    private static partial Regex SystemPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,19}\z")]
    private static partial Regex DiskPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}\z")]
    private static partial Regex TimezonePattern();

    [GeneratedRegex(@"\A0?[0-7]{3,4}\z")]
    private static partial Regex ModePattern();
}
