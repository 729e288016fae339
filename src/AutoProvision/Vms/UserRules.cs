using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>Who there is in the guest.</summary>
internal static class UserRules
{
    private const string Shell = "/bin/bash";
    private const string NameHint = "1 to 32 characters of a-z, 0-9, \"_\", \"-\" and \".\", beginning with a letter or \"_\"; neither root nor default nor autoprovision-guest.";

    /// <param name="user">The user that was asked for.</param>
    /// <param name="ofImage">The image's own; null where the image is unknown.</param>
    /// <param name="taken">Users that the image is known to have.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static string First(string? user, string? ofImage, IReadOnlySet<string> taken, FaultList faults)
    {
        if (user is null)
            return ofImage ?? "";
        CheckName("/user", user, taken.Where(name => name != ofImage), faults);
        return user;
    }

    public static IReadOnlyList<VmUser> Complete(IReadOnlyList<VmUserRequest>? requested, string first, IReadOnlySet<string> taken, FaultList faults)
    {
        var users = faults.Within("/users", requested, ListLimits.Users);
        foreach (var (index, user) in users.Index())
            Check(user, $"/users/{index}", first, taken, faults);
        faults.Distinct(users.Select((user, index) => ($"/users/{index}/name", user.Name)));
        return [.. users.Select((user, index) => new VmUser(user.Name ?? "", user.Groups ?? [], user.Sudo ?? false, user.Shell ?? Shell, KeyRules.Complete($"/users/{index}/authorizedKeys", user.AuthorizedKeys, faults)))];
    }

    private static void Check(VmUserRequest user, string pointer, string first, IReadOnlySet<string> taken, FaultList faults)
    {
        if (user.Name is null)
            faults.Add($"{pointer}/name", "required", "The user has no name.", NameHint);
        else
            CheckName($"{pointer}/name", user.Name, taken, faults);
        if (user.Name == first && first != "")
            faults.Add($"{pointer}/name", "user_invalid", $"{first} is the VM's first user already.", "That one's keys are authorizedKeys of the VM itself.");
        foreach (var (index, group) in faults.Within($"{pointer}/groups", user.Groups, ListLimits.Groups).Index())
            faults.Check($"{pointer}/groups/{index}", "group_invalid", "Such as \"docker\".", () => CloudInitRules.AccountName(group, "Group"));
        if (user.Shell is not null)
            faults.Check($"{pointer}/shell", "path_invalid", "Such as \"/bin/sh\".", () => CloudInitRules.AbsolutePath(user.Shell, "Shell"));
    }

    private static void CheckName(string pointer, string name, IEnumerable<string> taken, FaultList faults)
    {
        faults.Check(pointer, "user_invalid", NameHint, () => CloudInitRules.AccountName(name, "User"));
        if (name == "root")
            faults.Add(pointer, "user_invalid", "root is there already and does not log in.", NameHint);
        if (name == ServiceAccount.Name)
            faults.Add(pointer, "user_invalid", $"{name} is the service's own account in the guest.", NameHint);
        // cloud-init would make the image's own user instead (normalize_users_groups in cloudinit/distros/ug_util.py).
        if (name == "default")
            faults.Add(pointer, "user_invalid", "default is cloud-init's word for the image's own user.", NameHint);
        // cloud-init leaves an account that is there as it is: mostly without a shell, in a home that belongs to the system.
        if (taken.Contains(name))
            faults.Add(pointer, "user_invalid", $"{name} is an account of the image's own.", "Another name. A name that only a group has can be taken.");
    }
}
