using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>Who there is in the guest, and with which keys they log in.</summary>
internal static partial class UserRules
{
    private const string Shell = "/bin/bash";
    private const string NameHint = "1 to 32 characters of a-z, 0-9, \"_\" and \"-\", beginning with a letter or \"_\"; neither root nor default nor autoprovision.";

    /// <param name="user">The user that was asked for.</param>
    /// <param name="ofImage">The image's own; null where the image is unknown.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static string First(string? user, string? ofImage, FaultList faults)
    {
        if (user is null)
            return ofImage ?? "";
        CheckName("/user", user, faults);
        return user;
    }

    public static IReadOnlyList<VmUser> Complete(IReadOnlyList<VmUserRequest>? requested, string first, FaultList faults)
    {
        var users = faults.Within("/users", requested, ListLimits.Users);
        foreach (var (index, user) in users.Index())
            Check(user, $"/users/{index}", first, faults);
        faults.Distinct(users.Select((user, index) => ($"/users/{index}/name", user.Name)));
        return [.. users.Select(user => new VmUser(user.Name ?? "", user.Groups ?? [], user.Sudo ?? false, user.Shell ?? Shell, user.AuthorizedKeys ?? []))];
    }

    public static IReadOnlyList<string> Keys(string pointer, IReadOnlyList<string>? requested, FaultList faults)
    {
        var keys = faults.Within(pointer, requested, ListLimits.AuthorizedKeys);
        const string Hint = "Such as \"ssh-ed25519 AAAA... me@here\".";
        foreach (var (index, key) in keys.Index())
        {
            faults.Check($"{pointer}/{index}", "key_invalid", Hint, () => CloudInitRules.Line(key, "Key"));
            if (PublicKey().Match(key) is not { Success: true } line)
                faults.Add($"{pointer}/{index}", "key_invalid", $"\"{key}\" is no OpenSSH public key line.", Hint);
            else if (!IsWhole(line.Groups["type"].Value, line.Groups["blob"].Value))
                faults.Add($"{pointer}/{index}", "key_invalid", $"\"{key}\" is cut off or garbled: its text is no {line.Groups["type"].Value} key.", "Copy the whole line of the .pub file.");
        }
        return keys;
    }

    // Fields with their lengths before them, the first one the key's type (RFC 4253, section 6.6); sshd passes over any other line.
    private static bool IsWhole(string type, string base64)
    {
        var blob = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, blob, out var length))
            return false;
        var fields = new List<byte[]>();
        for (ReadOnlySpan<byte> rest = blob.AsSpan(0, length); !rest.IsEmpty;)
        {
            if (rest.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(rest) is var size && size > rest.Length - 4)
                return false;
            fields.Add(rest.Slice(4, (int)size).ToArray());
            rest = rest[(4 + (int)size)..];
        }
        return fields.Count == FieldsOf(type) && Encoding.ASCII.GetString(fields[0]) == type && fields.All(field => field.Length > 0);
    }

    // RFC 4253 (rsa: e, n), RFC 8709 (the key), RFC 5656 (curve, point) and, of hardware keys, OpenSSH's PROTOCOL.u2f (an application more).
    private static int FieldsOf(string type) => type switch
    {
        "ssh-ed25519" => 2,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 4,
        _ => 3,
    };

    private static void Check(VmUserRequest user, string pointer, string first, FaultList faults)
    {
        if (user.Name is null)
            faults.Add($"{pointer}/name", "required", "The user has no name.", NameHint);
        else
            CheckName($"{pointer}/name", user.Name, faults);
        if (user.Name == first && first != "")
            faults.Add($"{pointer}/name", "user_invalid", $"{first} is the VM's first user already.", "That one's keys are authorizedKeys of the VM itself.");
        foreach (var (index, group) in faults.Within($"{pointer}/groups", user.Groups, ListLimits.Groups).Index())
            faults.Check($"{pointer}/groups/{index}", "group_invalid", "Such as \"docker\".", () => CloudInitRules.AccountName(group, "Group"));
        if (user.Shell is not null)
            faults.Check($"{pointer}/shell", "path_invalid", "Such as \"/bin/sh\".", () => CloudInitRules.AbsolutePath(user.Shell, "Shell"));
        Keys($"{pointer}/authorizedKeys", user.AuthorizedKeys, faults);
    }

    private static void CheckName(string pointer, string name, FaultList faults)
    {
        faults.Check(pointer, "user_invalid", NameHint, () => CloudInitRules.AccountName(name, "User"));
        if (name == "root")
            faults.Add(pointer, "user_invalid", "root is there already and does not log in.", NameHint);
        if (name == ServiceAccount.Name)
            faults.Add(pointer, "user_invalid", $"{name} is the service's own account in the guest.", NameHint);
        // cloud-init would make the image's own user instead (normalize_users_groups in cloudinit/distros/ug_util.py).
        if (name == "default")
            faults.Add(pointer, "user_invalid", "default is cloud-init's word for the image's own user.", NameHint);
    }

    [GeneratedRegex(@"\A(?<type>ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) (?<blob>AAAA[A-Za-z0-9+/]+={0,3})( [^\p{C}]*)?\z")]
    private static partial Regex PublicKey();
}
