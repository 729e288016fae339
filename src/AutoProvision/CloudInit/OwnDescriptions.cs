using AutoProvision.CloudInit.Verification;

namespace AutoProvision.CloudInit;

/// <summary>What a VM's own fields describe: in a caller's user-data it would replace that, or be replaced by it.</summary>
/// <param name="Users">Names of users.</param>
/// <param name="Files">Absolute paths.</param>
public sealed record OwnDescriptions(IReadOnlySet<string> Users, IReadOnlySet<string> Files)
{
    public static OwnDescriptions None { get; } = new(new HashSet<string>(), new HashSet<string>());

    // What else a seed writes for each machine: see CloudInitBuilder and ServiceAccount.
    private static readonly string[] Always =
    [
        "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/sudoers.d/90-first-user", "/var/lib/cloud/scripts/per-instance/000-settle", VerificationScript.Path, VerificationScript.Kept, VerificationScript.Answer,
        $"{ServiceAccount.Home}/.ssh/authorized_keys", ServiceAccount.Sudoers,
    ];

    /// <summary>The users, their authorized_keys, the service's own account, the host's key, and what else is written.</summary>
    /// <param name="users">Names of users, whose homes are where useradd makes them.</param>
    /// <param name="files">Absolute paths.</param>
    public static OwnDescriptions Of(IReadOnlyCollection<string> users, IEnumerable<string> files) => new(users.Append(ServiceAccount.Name).ToHashSet(), new HashSet<string>(
    [
        .. files,
        .. users.Select(user => $"/home/{user}/.ssh/authorized_keys"),
        .. Always,
    ]));
}
