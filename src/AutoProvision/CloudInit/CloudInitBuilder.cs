using System.Text;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>
/// Builds cloud-init user-data (<c>#cloud-config</c>), step by step and checked at each one:
/// <code>new CloudInitBuilder().Hostname("web").AddUser("debian", keys).AddPackages("git").BuildYaml()</code>
/// Values reach the guest exactly as given, whatever characters they hold; what cannot (NUL, half a surrogate pair)
/// or must not (a relative path, a name useradd refuses) throws <see cref="ArgumentException"/>.
/// Only what was asked for is written; <see cref="CloudInitServiceDefaults"/> adds what a machine with no console wants.
/// Not thread-safe. Keys are those of cloud-init 22.4 and later.
/// </summary>
public sealed partial class CloudInitBuilder
{
    private readonly Dictionary<string, YamlNode> _settings = [];
    private readonly List<string> _userNames = [];
    private readonly List<YamlNode> _users = [];
    private readonly List<string> _packages = [];
    private readonly List<YamlNode> _files = [];
    private readonly List<YamlNode> _bootCommands = [];
    private readonly List<(string Mode, string Path)> _modes = [];
    private readonly List<YamlNode> _commands = [];
    private readonly StringBuilder _hosts = new();

    /// <summary>Whether it has lines of /etc/hosts.</summary>
    internal bool HasHosts => _hosts.Length > 0;

    /// <summary>Names the machine, in /etc/hosts too: where a machine's own name does not resolve, every sudo waits for DNS.</summary>
    /// <param name="name">RFC 1123 label.</param>
    /// <param name="fqdn">Fully qualified name, where there is one.</param>
    public CloudInitBuilder Hostname(string name, string? fqdn = null)
    {
        _settings["hostname"] = Text(CloudInitRules.Label(name, "Hostname"));
        if (fqdn is not null)
            _settings["fqdn"] = Text(CloudInitRules.HostName(fqdn, "FQDN"));
        return this;
    }

    /// <summary>Adds a user who logs in by SSH key alone: the password is locked, sudo asks for none.</summary>
    /// <param name="name">As useradd takes it. The image's own default user is not made once any user is added.</param>
    /// <param name="sshKeys">Lines as in <c>authorized_keys</c>; white space around them is dropped.</param>
    /// <param name="options">Groups, sudo rule and shell, where the defaults do not suit.</param>
    public CloudInitBuilder AddUser(string name, IEnumerable<string> sshKeys, UserOptions? options = null)
    {
        CloudInitRules.AccountName(name, "User name");
        if (_userNames.Contains(name))
            throw CloudInitRules.Bad("User name", name, "was already added");
        _users.Add(User(name, Keys(sshKeys), options ?? new UserOptions()));
        _userNames.Add(name);
        return this;
    }

    /// <summary>Adds distribution packages, installed after a refresh of the package lists.</summary>
    /// <param name="names">As the guest's package manager takes them, so <c>name=version</c> works on Debian.</param>
    public CloudInitBuilder AddPackages(params IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            // They follow the package manager's own options on its command line.
            if (CloudInitRules.Line(name, "Package").StartsWith('-'))
                throw CloudInitRules.Bad("Package", name, "would be taken for an option");
            if (!_packages.Contains(name))
                _packages.Add(name);
        }
        return this;
    }

    /// <summary>Adds a text file, encoded as UTF-8. Missing folders are made.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="content">Any string without half surrogate pairs; what is no plain text travels as base64.</param>
    /// <param name="permissions">Octal.</param>
    /// <param name="owner">
    /// <c>user</c> or <c>user:group</c>. A file of anyone but root is written in cloud-init's last stage (<c>defer</c>),
    /// when users and packages are there, yet before the commands run.
    /// </param>
    public CloudInitBuilder AddFile(string path, string content, string permissions = "0644", string owner = "root:root")
    {
        ArgumentNullException.ThrowIfNull(content);
        if (CloudInitRules.HasLoneSurrogate(content))
            throw CloudInitRules.Bad("Content of file", path, "contains half of a surrogate pair; give it as bytes");
        var plain = content.All(c => !char.IsControl(c) || c is '\n' or '\r' or '\t');
        return plain
            ? AddFile(path, [("content", Text(content))], permissions, owner)
            : AddFile(path, Encoding.UTF8.GetBytes(content), permissions, owner);
    }

    /// <summary>Adds a file byte for byte (base64 on its way). Otherwise as <see cref="AddFile(string, string, string, string)"/>.</summary>
    public CloudInitBuilder AddFile(string path, ReadOnlySpan<byte> content, string permissions = "0644", string owner = "root:root") =>
        AddFile(path, [("encoding", Text("b64")), ("content", Text(Convert.ToBase64String(content)))], permissions, owner);

    /// <summary>Runs a program with its arguments, as root, once, in the order added, after packages are installed; no shell looks at them.</summary>
    /// <remarks>cloud-init runs all commands as one <c>sh</c> script: only the last one's exit code can make it report an error.</remarks>
    public CloudInitBuilder AddCommand(string program, params IEnumerable<string> arguments)
    {
        _commands.Add(Command(program, arguments));
        return this;
    }

    /// <summary>Runs a line or script of <c>sh</c> where <see cref="AddCommand"/> runs a program.</summary>
    public CloudInitBuilder AddShellCommand(string script)
    {
        _commands.Add(Text(CloudInitRules.Encodable(script, "Command")));
        return this;
    }

    /// <summary>Runs a program early in <em>every</em> boot, before users and files of ours are there (<c>bootcmd</c>).</summary>
    public CloudInitBuilder AddBootCommand(string program, params IEnumerable<string> arguments)
    {
        _bootCommands.Add(Command(program, arguments));
        return this;
    }

    /// <summary>Adds a line to /etc/hosts that stays over reboots.</summary>
    /// <remarks>
    /// cc_update_etc_hosts (cloud-init 22.4 to 25.1): <c>manage_etc_hosts: true</c> rewrites the file from a template at every boot, over
    /// whatever was written there meanwhile. <c>localhost</c> puts in the machine's own name where it is missing and leaves "all other
    /// entries as is"; hence the latter, for every machine, with these lines appended once by write_files.
    /// </remarks>
    /// <param name="address">IPv4 or IPv6.</param>
    /// <param name="names">At least one host name.</param>
    public CloudInitBuilder AddHost(string address, params IEnumerable<string> names)
    {
        var line = names.Select(name => CloudInitRules.HostName(name, "Host name"))
            .Prepend(CloudInitRules.Address(address, "Host address")).ToArray();
        if (line.Length == 1)
            throw CloudInitRules.Bad("Host address", address, "has no name");
        _hosts.AppendJoin(' ', line).Append('\n');
        return this;
    }

    /// <summary>Gives the machine this SSH host key and no other, so that its first connection can be verified and it spends no time on making keys.</summary>
    /// <param name="privateOpenSsh">Ed25519 key in OpenSSH's PEM form, without a passphrase.</param>
    /// <param name="publicLine"><c>ssh-ed25519 AAAA... comment</c>.</param>
    public CloudInitBuilder HostKey(string privateOpenSsh, string publicLine)
    {
        // Messages must not quote the key.
        var key = privateOpenSsh.ReplaceLineEndings("\n").Trim() + "\n";
        if (!key.StartsWith("-----BEGIN OPENSSH PRIVATE KEY-----\n", StringComparison.Ordinal) || key.Any(c => !char.IsAscii(c) || c == '\0'))
            throw new ArgumentException("The host's private key is not in OpenSSH's format.", nameof(privateOpenSsh));
        if (!publicLine.StartsWith("ssh-ed25519 ", StringComparison.Ordinal))
            throw CloudInitRules.Bad("Public host key", publicLine, "is no ssh-ed25519 line");
        var line = CloudInitRules.Line(publicLine.Trim(), "Public host key") + "\n";
        _settings["ssh_keys"] = Map(("ed25519_private", Text(key)), ("ed25519_public", Text(line)));
        _settings["ssh_genkeytypes"] = Texts(["ed25519"]);
        return Set("ssh_deletekeys", Flag(true));
    }

    /// <summary>The user-data: <c>#cloud-config</c>, then one YAML mapping.</summary>
    public string BuildYaml() => Write(Map(Entries()), "#cloud-config\n");

    /// <summary>The top-level keys in their order; those that are lists of items can be joined with somebody else's.</summary>
    /// <param name="others">What a caller's own user-data adds to users and files; null where there is none.</param>
    internal IReadOnlyList<(string Key, YamlNode Value)> Entries(CallersAccounts? others = null)
    {
        others ??= CallersAccounts.None;
        DeferLateFiles(others);
        var entries = new List<(string Key, YamlNode Value)>(_settings.Select(setting => (setting.Key, setting.Value)));
        if (HasHosts || _settings.ContainsKey("hostname"))
            entries.Add(("manage_etc_hosts", Text("localhost")));
        if (_packages.Count > 0)
            entries.AddRange([("package_update", Flag(true)), ("packages", Texts(_packages))]);
        if (_defaultUser is { } user)
            entries.Add(("user", user));
        AddList("users", _defaultUser is null ? _users : [Text("default"), .. _users]);
        AddList("write_files", [.. VerifyingScript(), .. _files, .. HasHosts ? (YamlNode[])[HostsFile()] : [], .. SettlingScript(others)]);
        AddList("fs_setup", _fileSystems);
        AddList("mounts", _mounts.Values);
        AddList("bootcmd", [.. _firstCommands, .. EarlyCommands(others), .. _bootCommands]);
        AddList("runcmd", _commands);
        return entries;

        void AddList(string key, IReadOnlyCollection<YamlNode> items)
        {
            if (items.Count > 0)
                entries.Add((key, new YamlSequenceNode(items)));
        }
    }

    /// <summary>What runcmd would run, as cloud-init makes one script of it (util.shellify); null when there is nothing to run.</summary>
    internal string? CommandScript() => _commands.Count == 0 ? null
        : "#!/bin/sh\n" + string.Concat(_commands.Select(command => command is YamlSequenceNode words
            ? string.Join(' ', words.Select(word => $"'{((YamlScalarNode)word).Value!.Replace("'", "'\\''", StringComparison.Ordinal)}'")) + "\n"
            : $"{((YamlScalarNode)command).Value}\n"));

    /// <summary>Sets a top-level key that has no method of its own.</summary>
    internal CloudInitBuilder Set(string key, YamlNode value)
    {
        _settings[key] = value;
        return this;
    }

    private static string[] Keys(IEnumerable<string> lines) => [.. lines.Select(key => CloudInitRules.Line(key.Trim(), "SSH key"))];

    private static YamlMappingNode User(string name, string[] keys, UserOptions options)
    {
        var user = Map(
            ("name", Text(name)),
            ("shell", Text(CloudInitRules.AbsolutePath(options.Shell, "Shell"))),
            ("lock_passwd", Flag(true)));
        if (options.Sudo is { } rule)
            user.Add("sudo", Text(CloudInitRules.Line(rule, "Sudo rule")));
        // useradd makes no group that is there already, be it the image's or one that another user was to be in, and fails over it.
        // Named as primary and as further group, cloud-init (add_user in cloudinit/distros, 22.4 to 25.1) makes it only where it is missing.
        user.Add("primary_group", Text(name));
        user.Add("groups", Texts(options.Groups.Select(group => CloudInitRules.AccountName(group, "Group")).Prepend(name).Distinct()));
        if (keys.Length > 0)
            user.Add("ssh_authorized_keys", Texts(keys));
        return user;
    }

    private CloudInitBuilder AddFile(string path, (string, YamlNode)[] content, string permissions, string owner)
    {
        var file = Map([
            ("path", Text(CloudInitRules.AbsolutePath(path, "File path"))),
            .. content,
            ("permissions", Text(CloudInitRules.Mode(permissions, "File mode"))),
            ("owner", Text(CloudInitRules.Owner(owner, "File owner")))]);
        if (owner.Split(':').Any(name => name != "root"))
            file.Add("defer", Flag(true));
        // cc_write_files changes the owner after the mode, and Linux takes these bits away with it (chown(2)).
        if (Convert.ToInt32(permissions, 8) > 511)
            _modes.Add((permissions, path));
        _files.Add(file);
        return this;
    }

    // After the machine's own files, of which it may be one.
    private YamlMappingNode HostsFile() => Map(
        ("path", Text("/etc/hosts")),
        // An image without netbase has no /etc/hosts to append to, so localhost is named here as well; a repeated line does no harm.
        ("content", Text($"\n127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{_hosts}")),
        ("append", Flag(true)),
        ("permissions", Text("0644")));

    private static YamlNode Command(string program, IEnumerable<string> arguments) =>
        Texts(arguments.Prepend(CloudInitRules.Line(program, "Program")).Select(word => CloudInitRules.Encodable(word, "Argument")));
}
