using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>Who there is in the guest, and with which keys they log in.</summary>
internal static partial class UserRules
{
    private const string Shell = "/bin/bash";
    private const string NameHint = "1 to 32 characters of a-z, 0-9, \"_\" and \"-\", beginning with a letter or \"_\"; neither root nor default.";

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

    public static IReadOnlyList<VmUser> Complete(IReadOnlyList<VmUserRequest>? users, string first, FaultList faults)
    {
        foreach (var (index, user) in (users ?? []).Index())
            Check(user, $"/users/{index}", first, faults);
        faults.Distinct((users ?? []).Select((user, index) => ($"/users/{index}/name", user.Name)));
        return [.. (users ?? []).Select(user => new VmUser(user.Name ?? "", user.Groups ?? [], user.Sudo ?? false, user.Shell ?? Shell, user.AuthorizedKeys ?? []))];
    }

    public static IReadOnlyList<string> Keys(string pointer, IReadOnlyList<string>? keys, FaultList faults)
    {
        const string Hint = "Such as \"ssh-ed25519 AAAA... me@here\".";
        foreach (var (index, key) in (keys ?? []).Index())
            faults.Check($"{pointer}/{index}", "key_invalid", Hint, () => CloudInitRules.Line(key, "Key"));
        return faults.Each(pointer, keys, PublicKey(), "key_invalid", "is no OpenSSH public key line", Hint);
    }

    private static void Check(VmUserRequest user, string pointer, string first, FaultList faults)
    {
        if (user.Name is null)
            faults.Add($"{pointer}/name", "required", "The user has no name.", NameHint);
        else
            CheckName($"{pointer}/name", user.Name, faults);
        if (user.Name == first && first != "")
            faults.Add($"{pointer}/name", "user_invalid", $"{first} is the VM's first user already.", "That one's keys are authorizedKeys of the VM itself.");
        foreach (var (index, group) in (user.Groups ?? []).Index())
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
        // cloud-init would make the image's own user instead (normalize_users_groups in cloudinit/distros/ug_util.py).
        if (name == "default")
            faults.Add(pointer, "user_invalid", "default is cloud-init's word for the image's own user.", NameHint);
    }

    [GeneratedRegex(@"\A(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) AAAA[A-Za-z0-9+/]+={0,3}( [^\p{C}]*)?\z")]
    private static partial Regex PublicKey();
}
