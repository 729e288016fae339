using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

// The machine's own user, who is cloud-init's default user as well.
public sealed partial class CloudInitBuilder
{
    // Once, before everything else: cloud-init makes its default user after all others (_normalize_users in cloudinit/distros/ug_util.py,
    // 22.4 to 25.1), who would take his uid, and not at all once making one of them has failed. Here nothing comes between, and what
    // useradd says is on the console. Without useradd it is left to cloud-init, which finds all the rest done where it is.
    private const string MakeFirst = """
        name=$1 shell=$2 rule=$3
        shift 3
        command -v useradd >/dev/null || exit 0
        if ! getent passwd "$name" >/dev/null; then
          group=
          ! getent group "$name" >/dev/null || group="-g $name"
          useradd -m -s "$shell" $group "$name" || exit
        else
          case $(getent passwd "$name") in
            *nologin | */false | */sync) echo "first-user: $name is an account of this image already, and its shell lets nobody in" >&2 ;;
          esac
        fi
        if [ -n "$rule" ]; then
          mkdir -p /etc/sudoers.d
          printf '%s %s\n' "$name" "$rule" >/etc/sudoers.d/90-first-user
          chmod 0440 /etc/sudoers.d/90-first-user
        fi
        home=$(getent passwd "$name" | cut -d: -f6)
        mkdir -p "$home/.ssh"
        printf '%s\n' "$@" >"$home/.ssh/authorized_keys"
        chmod 0700 "$home/.ssh"
        chmod 0600 "$home/.ssh/authorized_keys"
        chown -R "$(getent passwd "$name" | cut -d: -f3,4)" "$home/.ssh"
        ! command -v restorecon >/dev/null || restorecon -R "$home" || true
        """;

    private YamlMappingNode? _defaultUser;
    private string[] _firstUser = [];

    /// <summary>
    /// Makes the machine's first user cloud-init's default user: top-level <c>ssh_authorized_keys</c>, <c>password</c> and the like are
    /// his. What an image says of its own default user is said here too, or it would hold for this one (normalize_users_groups).
    /// </summary>
    /// <param name="name">As useradd takes it. The image's own default user is not made.</param>
    /// <param name="sshKeys">Lines as in <c>authorized_keys</c>; white space around them is dropped.</param>
    /// <param name="options">Groups, sudo rule and shell, where the defaults do not suit.</param>
    public CloudInitBuilder DefaultUser(string name, IEnumerable<string> sshKeys, UserOptions? options = null)
    {
        CloudInitRules.AccountName(name, "User name");
        if (_userNames.Contains(name) || _defaultUser is not null)
            throw CloudInitRules.Bad("User name", name, "was already added, or is the second default user");
        var (keys, chosen) = (Keys(sshKeys), options ?? new UserOptions());
        _defaultUser = User(name, keys, chosen);
        _defaultUser.Add("gecos", Text(""));
        _firstUser = [name, chosen.Shell, chosen.Sudo ?? "", .. keys];
        _userNames.Add(name);
        return this;
    }

    private IEnumerable<YamlNode> EarlyCommands(CallersAccounts others)
    {
        if (_defaultUser is not null)
            yield return Once("first-user", MakeFirst, _firstUser);
        if (NewDirectories(others).Select(it => it.Path).Concat(others.Homes).ToArray() is { Length: > 0 } directories)
            yield return Once("absent-directories", NoteAbsent, directories);
    }

    // Frequency "instance": not again when the machine boots again, but again in a copy.
    private static YamlNode Once(string name, string script, IEnumerable<string> arguments) =>
        Texts(["cloud-init-per", "instance", name, "sh", "-c", script.ReplaceLineEndings("\n"), "sh", .. arguments]);
}
