using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace AutoProvision.CloudInit.Verification;

/// <summary>
/// Renders the script that looks in the guest whether everything is there that was asked for. It knows contents by their length and hash, and
/// its answer names nothing of them. What it can look at with the shell's own means costs no process, which is dear on an emulated guest;
/// files and homes are asked for together, with one <c>stat</c> and one <c>sha256sum</c>.
/// </summary>
public sealed partial class VerificationScript
{
    /// <summary>Where cloud-init finds it: among the scripts that run once for each instance, after <c>000-settle</c>.</summary>
    public const string Path = "/var/lib/cloud/scripts/per-instance/000-verify";

    /// <summary>Its answer, a copy's in the copy's own directory; only root reads it.</summary>
    public const string Answer = "/var/lib/cloud/instance/autoprovision-verified";

    /// <summary>Where it stays when it has run; root can run it again there.</summary>
    public const string Kept = "/var/lib/cloud/instance/autoprovision-verify";

    // Stands where dpkg is asked for all packages together; no other line of the script is the same.
    private const string PackagesMark = "#packages\n";

    // Written so that nothing is asked twice: the accounts with the homes they name, then all paths together, then all contents together.
    private readonly StringBuilder _things = new();
    private readonly StringBuilder _properties = new();
    private readonly StringBuilder _contents = new();
    private readonly List<SpecCheck> _checks = [];
    private readonly List<string> _packages = [];
    private int _paths;

    // Which files hold lines that are looked for, and how these begin, as basic regular expressions. Somebody has the id 0, or nothing was read.
    private readonly List<string> _tables = ["/etc/passwd"];
    private readonly List<string> _patterns = ["^[^:]*:[^:]*:0:"];

    /// <summary>What it looks at, in its order.</summary>
    public IReadOnlyList<SpecCheck> Checks => _checks;

    public VerificationScript HostName(string pointer, string name) => Thing("hostname", pointer, name, name);

    /// <summary>An account with a home of its own; what follows is its own.</summary>
    public VerificationScript User(string pointer, string name)
    {
        LookUp("/etc/passwd", $"^{Literal(name)}:");
        var id = _paths++;
        Thing($"user {id}", pointer, $"a user {name} with a home", name);
        _properties.Append(CultureInfo.InvariantCulture, $"home {id} {Quoted(pointer)}\n");
        return this;
    }

    /// <summary>An account, whatever became of its home; what follows is its own.</summary>
    public VerificationScript Account(string pointer, string name) =>
        LookUp("/etc/passwd", $"^{Literal(name)}:").Add(_things, "user ''", pointer, $"a user {name}", null, name);

    public VerificationScript Shell(string pointer, string of, string shell) => ThingOf(of, "shell", pointer, shell, shell);

    public VerificationScript Group(string pointer, string of, string group) =>
        LookUp("/etc/group", $"^{Literal(group)}:").ThingOf(of, "group", pointer, $"a member of {group}", group);

    public VerificationScript Sudo(string pointer, string of, string user) =>
        LookUp("/etc/sudoers.d/*", $"^{Literal(user)} ALL=").ThingOf(of, "sudoer", pointer, "sudo without a password", $"{user} {UserOptions.FullSudo}");

    /// <param name="pointer">JSON pointer of the key.</param>
    /// <param name="of">The user's.</param>
    /// <param name="line">The line of <c>authorized_keys</c>; its comment does not matter.</param>
    public VerificationScript Key(string pointer, string of, string line)
    {
        var key = KeyPattern().Match(line);
        return key.Success && TryFingerprint(key.Groups["blob"].Value, out var fingerprint)
            ? ThingOf(of, "key", pointer, $"the key {fingerprint}", string.Join(' ', ((string[])["options", "type", "blob"]).Select(part => key.Groups[part].Value).Where(part => part != "")))
            : Unsure(pointer, "the key", "a key of an unknown form", of);
    }

    /// <summary>A key that is not looked for, and so unknown.</summary>
    public VerificationScript KeyBeyond(string pointer, string of)
    {
        _checks.Add(new SpecCheck(pointer, "the key", of));
        return this;
    }

    /// <summary>A file, and whose it is, for whom, and with which content.</summary>
    public VerificationScript File(string pointer, string path, string owner, string mode, ReadOnlySpan<byte> content)
    {
        var id = AddPath(pointer, path);
        var names = owner.Split(':');
        Property($"owner {id}", $"{pointer}/owner", owner, pointer, names[0], names.Length > 1 ? names[1] : "");
        var octal = Convert.ToString(Convert.ToInt32(mode, 8), 8);
        Property($"mode {id}", $"{pointer}/mode", mode, pointer, octal);
        _properties.Append(CultureInfo.InvariantCulture, $"size {id} {content.Length}\n");
        _checks.Add(new SpecCheck($"{pointer}/content", $"{content.Length} bytes as they were given", pointer));
        _contents.Append(CultureInfo.InvariantCulture, $"content {id} {Quoted(pointer + "/content")} {Convert.ToHexStringLower(SHA256.HashData(content))}\n");
        return this;
    }

    /// <summary>A file that others write to as well: it is there, and that is all that can be said.</summary>
    public VerificationScript SharedFile(string pointer, string path)
    {
        AddPath(pointer, path);
        foreach (var part in (string[])["owner", "mode", "content"])
            Unsure($"{pointer}/{part}", "as it was given", "written by the system as well", pointer);
        return this;
    }

    /// <summary>A package by its name. What names a version, a suite, an architecture or a pattern is left to apt, whose failure cloud-init reports.</summary>
    public VerificationScript Package(string pointer, string name)
    {
        if (!PackagePattern().IsMatch(name))
            return Unsure(pointer, "installed", "a version, suite or pattern, which apt alone understands");
        if (_packages.Count == 0)
            _things.Append(PackagesMark);
        _packages.Add(name);
        return Thing("package", pointer, $"the package {name}", name);
    }

    /// <summary>A disk that is mounted.</summary>
    public VerificationScript Mount(string pointer, string serial, string mountPoint) =>
        LookUp("/proc/mounts", "^[^ ]* /[^ ]* [^ ]* r[ow][, ]").Add(_things, "mounted", pointer, $"mounted at {mountPoint}, ext4", null, serial, mountPoint);

    /// <summary>A disk that nothing is made of.</summary>
    public VerificationScript Disk(string pointer, string serial) => Thing("attached", pointer, $"the disk virtio-{serial}", serial);

    public VerificationScript Swap(string pointer, int mebibytes) =>
        LookUp("/proc/swaps", "^/swap\\.img ").Thing("swap", pointer, $"{mebibytes} MiB in /swap.img", mebibytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>A swap file of whatever size.</summary>
    public VerificationScript AnySwap(string pointer) => LookUp("/proc/swaps", "^/swap\\.img ").Thing("swap", pointer, "/swap.img in use", "");

    public VerificationScript Timezone(string pointer, string name) => Thing("timezone", pointer, name, name);

    public VerificationScript Host(string pointer, string address, IEnumerable<string> names)
    {
        var line = string.Join(' ', names.Prepend(address));
        return LookUp("/etc/hosts", $"^[[:blank:]]*{string.Join("[[:blank:]][[:blank:]]*", line.Split(' ').Select(Literal))}").Thing("host", pointer, line, line);
    }

    public VerificationScript Variable(string pointer, string name, string value) =>
        LookUp("/etc/environment", $"^{Literal(name)}=").Thing("variable", pointer, "set as it was given", EnvironmentFile.Lines([new(name, value)]).TrimEnd('\n'));

    /// <summary>The script, for root alone.</summary>
    public string Build() => new StringBuilder(Functions.ReplaceLineEndings("\n"))
        .Append(CultureInfo.InvariantCulture, $"read_tables {Quoted(string.Join(' ', _tables.Distinct()))}{string.Concat(_patterns.Distinct().Select(pattern => " -e " + Quoted(pattern)))}\n")
        .Append("[ -n \"$passwd\" ] || end\n")
        .Append(_things.ToString().Replace(PackagesMark, $"list_packages {string.Join(' ', _packages.Distinct().Select(Quoted))}\n", StringComparison.Ordinal))
        .Append("look\n").Append(_properties).Append("sum\n").Append(_contents).Append("end\n").ToString();

    private int AddPath(string pointer, string path)
    {
        var id = _paths++;
        Thing($"file {id}", pointer, "a file", path);
        return id;
    }

    private VerificationScript LookUp(string table, string pattern)
    {
        _tables.Add(table);
        _patterns.Add(pattern);
        return this;
    }

    private VerificationScript Thing(string call, string pointer, string expected, string word) => Add(_things, call, pointer, expected, null, word);

    private VerificationScript ThingOf(string of, string call, string pointer, string expected, string word) => Add(_things, call, pointer, expected, of, word);

    private void Property(string call, string pointer, string expected, string of, params string[] words) => Add(_properties, call, pointer, expected, of, words);

    private VerificationScript Unsure(string pointer, string expected, string why, string? of = null) => Add(_things, "say", pointer, expected, of, "unknown", why);

    private VerificationScript Add(StringBuilder to, string call, string pointer, string expected, string? of, params string[] words)
    {
        _checks.Add(new SpecCheck(pointer, expected, of));
        to.Append(call).Append(' ').Append(Quoted(pointer)).AppendJoin("", words.Select(word => " " + Quoted(word))).Append('\n');
        return this;
    }

    // As ssh-keygen -l prints it.
    private static bool TryFingerprint(string blob, out string fingerprint)
    {
        var bytes = new byte[blob.Length];
        var isBase64 = Convert.TryFromBase64String(blob, bytes, out var length);
        fingerprint = "SHA256:" + Convert.ToBase64String(SHA256.HashData(bytes.AsSpan(0, length))).TrimEnd('=');
        return isBase64;
    }

    private static string Literal(string text) => LiteralPattern().Replace(text, @"\$0");

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    // What comes before the comment, as cloud-init takes it apart (AuthKeyLineParser in cloudinit/ssh_util.py): it joins the parts with one space.
    [GeneratedRegex(@"\A(?:(?<options>(?:[^""\s]|""(?:\\.|[^""\\])*"")+)\s+)?(?<type>(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)\s+(?<blob>AAAA[A-Za-z0-9+/=]+)(?:\s|\z)")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"[][.*^$\\]")]
    private static partial Regex LiteralPattern();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]*[a-z0-9+]\z")]
    private static partial Regex PackagePattern();
}
