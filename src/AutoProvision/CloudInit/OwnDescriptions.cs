namespace AutoProvision.CloudInit;

/// <summary>What a VM's own fields describe: in a caller's user-data it would replace that, or be replaced by it.</summary>
/// <param name="Users">Names of users.</param>
/// <param name="Files">Absolute paths.</param>
public sealed record OwnDescriptions(IReadOnlySet<string> Users, IReadOnlySet<string> Files)
{
    public static OwnDescriptions None { get; } = new(new HashSet<string>(), new HashSet<string>());

    /// <summary>The users, their authorized_keys, the host's key, and what else is written.</summary>
    /// <param name="users">Names of users, whose homes are where useradd makes them.</param>
    /// <param name="files">Absolute paths.</param>
    public static OwnDescriptions Of(IReadOnlyCollection<string> users, IEnumerable<string> files) => new(users.ToHashSet(), new HashSet<string>(
    [
        .. files,
        .. users.Select(user => $"/home/{user}/.ssh/authorized_keys"),
        "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub",
    ]));
}
