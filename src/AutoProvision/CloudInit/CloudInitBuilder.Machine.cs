using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

// What belongs to the machine rather than to its software: disks, swap, time zone, environment, and being a copy.
public sealed partial class CloudInitBuilder
{
    private readonly List<YamlNode> _fileSystems = [];
    // By mount point: what is mounted within another comes after it.
    private readonly SortedDictionary<string, YamlNode> _mounts = new(StringComparer.Ordinal);
    private readonly List<YamlNode> _firstCommands = [];

    /// <summary>Sets the time zone, a name of the tz database; the guest needs its tzdata.</summary>
    public CloudInitBuilder Timezone(string name) => Set("timezone", Text(CloudInitRules.Timezone(name, "Time zone")));

    /// <summary>Makes a swap file /swap.img of this size; 0 makes none.</summary>
    /// <remarks>cc_mounts: a size in "M" is exact, and a file that is in use already is left as it is.</remarks>
    public CloudInitBuilder Swap(int mebibytes) =>
        mebibytes == 0 ? this : Set("swap", Map(("filename", Text("/swap.img")), ("size", Text($"{mebibytes}M"))));

    /// <summary>Mounts a virtio disk, at every boot; a boot without it goes on.</summary>
    /// <param name="serial">The disk's serial number: /dev/disk/by-id/virtio-SERIAL.</param>
    /// <param name="mountPoint">Absolute; made where it is missing. Files beneath it are written once it is mounted.</param>
    /// <param name="format">
    /// Whether an ext4 file system is made on the whole disk, where there is none. A disk that holds anything else is left alone
    /// (partition "any" in cc_disk_setup, find_device_node).
    /// </param>
    public CloudInitBuilder AddDisk(string serial, string mountPoint, bool format)
    {
        var device = Text("/dev/disk/by-id/virtio-" + CloudInitRules.DiskName(serial, "Disk"));
        if (_mounts.ContainsKey(CloudInitRules.MountPoint(mountPoint, "Mount point")))
            throw CloudInitRules.Bad("Mount point", mountPoint, "was already added");
        if (format)
            _fileSystems.Add(Map(("device", device), ("filesystem", Text("ext4")), ("partition", Text("any")), ("overwrite", Flag(false))));
        // All six fields, so that no default (mount_default_fields) is looked at. fstab's lines are mounted at once and at each boot.
        _mounts.Add(mountPoint, Texts([((YamlScalarNode)device).Value!, mountPoint, "ext4", "defaults,nofail,x-systemd.device-timeout=30s", "0", "2"]));
        return this;
    }

    /// <summary>Adds variables to every session; see <see cref="EnvironmentFile"/> for what they can be.</summary>
    public CloudInitBuilder Environment(IReadOnlyDictionary<string, string> variables)
    {
        if (variables.Count > 0)
            // What is there already may lack its last line break. Where a name is there twice, pam_env takes the later one.
            _files.Add(Map(("path", Text("/etc/environment")), ("content", Text("\n" + EnvironmentFile.Lines(variables))), ("append", Flag(true)), ("permissions", Text("0644"))));
        return this;
    }

    /// <summary>Runs a line of <c>sh</c> where <see cref="AddBootCommand"/> runs a program; it cannot end or break the others.</summary>
    public CloudInitBuilder AddBootShellCommand(string line) => AddBootCommand("sh", "-c", line);

    /// <summary>Makes the <see cref="ServiceAccount"/> with this key, before all else that runs and before sshd does.</summary>
    public CloudInitBuilder AddServiceAccount(string publicKey)
    {
        _bootCommands.Insert(0, Texts(["cloud-init-per", "instance", ServiceAccount.Semaphore, "sh", "-c", ServiceAccount.Script.ReplaceLineEndings("\n"), "sh", ServiceAccount.Name, CloudInitRules.Line(publicKey, "SSH key")]));
        return this;
    }

    /// <summary>
    /// Gives a machine whose disk is a copy an identity of its own, once per instance and before all else: a new machine-id and
    /// random seed, none of the original's keys for these users, and not its name in /etc/hosts. Their own keys and the copy's name
    /// are written afterwards (cc_users_groups, cc_update_etc_hosts); /etc/hostname is the copy's by then, not so cc_update_hostname's note.
    /// </summary>
    public CloudInitBuilder ForgetOriginal(params IEnumerable<string> users)
    {
        const string Script = """
            set -e
            for user; do
              home=$(getent passwd "$user" | cut -d: -f6)
              [ -z "$home" ] || rm -f "$home/.ssh/authorized_keys"
            done
            rm -f /etc/machine-id /var/lib/dbus/machine-id /var/lib/systemd/random-seed
            systemd-machine-id-setup
            [ ! -d /var/lib/dbus ] || ln -s /etc/machine-id /var/lib/dbus/machine-id
            original=/var/lib/cloud/data/previous-hostname
            [ ! -s $original ] || sed -i "/^127[.]0[.]1[.]1[[:space:]].*[[:space:]]$(tail -n 1 $original)\$/d" /etc/hosts
            """;
        var command = Texts(["cloud-init-per", "instance", "forget-original", "sh", "-c", Script.ReplaceLineEndings("\n"), "sh", .. users.Select(user => CloudInitRules.AccountName(user, "User name"))]);
        _firstCommands.Insert(0, command);
        return this;
    }
}
