using System.Text.RegularExpressions;
using AutoProvision.Inputs;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

/// <summary>
/// What a caller's cloud-config may hold beside ours. Refused is what would keep ours from being applied: cloud-init's own
/// set-up, and values of a type over which a module that also applies ours would fall (read from 22.4, the oldest).
/// </summary>
internal static partial class CloudConfigRules
{
    public const string What = "userData's cloud-config";

    private static readonly Dictionary<string, string> Reserved = new[]
    {
        ("is about cloud-init itself, which the service looks after", new[]
        {
            "cloud_init_modules", "cloud_config_modules", "cloud_final_modules", "system_info", "datasource", "datasource_list",
            "allow_userdata", "manual_cache_clean", "output", "logcfg", "log_cfgs", "def_log_file", "syslog_fix_perms",
        }),
        ("is not read from user-data; use the field networkConfig", ["network"]),
        ("changes who the default user is, which is the VM's own; name that one with the field user, others with \"users\"", ["user"]),
        ("would keep the VM's name from it", ["preserve_hostname", "create_hostname_file", "prefer_fqdn_over_hostname"]),
        ("is a merge key, which hides what is set", ["<<"]),
    }.SelectMany(group => group.Item2.Select(key => (key, why: group.Item1))).ToDictionary(it => it.key, it => it.why);

    /// <summary>The config's top-level keys.</summary>
    /// <param name="yaml">The part's text.</param>
    /// <param name="own">What the VM's own fields describe.</param>
    /// <param name="budget">How much of it is read.</param>
    /// <exception cref="ArgumentException">It is refused; the message says why.</exception>
    public static IReadOnlyList<string> Check(string yaml, OwnDescriptions own, InputBudget budget)
    {
        CheckCharacters(yaml);
        if (YamlText.Root(yaml, budget, CheckTag) is not YamlMappingNode root)
            throw Bad("is not one YAML mapping");
        foreach (var (key, value) in root.Children)
            CheckEntry(Key(key), value, own);
        CheckPasswords(root);
        return [.. root.Children.Keys.Select(Key)];
    }

    /// <summary>Characters that PyYAML refuses, or takes for line breaks where other readers do not.</summary>
    public static void CheckCharacters(string yaml)
    {
        foreach (var c in yaml)
            if ((char.IsControl(c) && c is not ('\t' or '\n' or '\r')) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF')
                throw Bad($"contains the character U+{(int)c:X4}, over which YAML readers disagree; write it as \"\\u{(int)c:x4}\" in double quotes");
    }

    /// <summary>PyYAML's safe loader knows the tags of YAML itself; over any other it gives the whole part up.</summary>
    public static void CheckTag(NodeEvent node)
    {
        if (!node.Tag.IsEmpty && !KnownTag().IsMatch(node.Tag.Value))
            throw Bad($"has the tag {node.Tag.Value}, which cloud-init does not know");
    }

    /// <summary>How a part is merged: dict, list and str with cloud-init's own settings (cloudinit/mergers).</summary>
    public static void CheckMerge(string how)
    {
        // string_extract_mergers takes spaces and capitals too.
        if (!how.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant().Split('+').All(merger => Merger().IsMatch(merger)))
            throw Bad($"is to be merged by \"{how}\", which is not understood; such as \"list(append)+dict(recurse_list)+str()\"");
    }

    private static void CheckEntry(string key, YamlNode value, OwnDescriptions own)
    {
        if (Reserved.TryGetValue(key, out var why) && !IsDefault(key, value))
            throw Bad($"has the key {key}, which {why}");
        switch (key)
        {
            case "users":
                Each(key, value, "a name or a mapping with a name that useradd takes, other than \"default\"", IsUser);
                RefuseOwnUsers(value, own);
                break;
            case "write_files":
                Each(key, value, "a mapping with a text \"path\"", item => Text(item, "path") is { Length: > 0 } path && !path.Contains('\0'));
                RefuseOwnFiles(value, own);
                break;
            case "bootcmd" or "runcmd":
                Each(key, value, "a text or a list (a number is to be quoted)", item => YamlText.IsString(item) || YamlText.IsNull(item) || item is YamlSequenceNode);
                break;
            case "packages":
                Each(key, value, "a name or a list of name and version", IsPackage);
                break;
            case "mounts":
                Each(key, value, "a list of fstab's fields", item => item is YamlSequenceNode { Children.Count: > 0 and <= 6 });
                break;
            case "fs_setup":
                Each(key, value, "a mapping", item => item is YamlMappingNode);
                break;
            case "mount_default_fields":
                Require(value is YamlSequenceNode { Children.Count: 6 }, key, "is no list of fstab's six fields");
                break;
            case "groups":
                Require(AreGroups(value), key, "is neither a text nor a list or mapping of names to texts or lists");
                break;
            case "device_aliases":
                Require(value is YamlMappingNode, key, "is no mapping");
                break;
            case "merge_how" or "merge_type":
                CheckMerge(value);
                break;
        }
    }

    // What holds without the key, too.
    private static bool IsDefault(string key, YamlNode value) => key switch
    {
        "preserve_hostname" or "prefer_fqdn_over_hostname" or "manual_cache_clean" => YamlText.IsFalse(value),
        "create_hostname_file" or "allow_userdata" => YamlText.IsTrue(value),
        "output" => value is YamlMappingNode { Children.Count: > 0 } stages && stages.Children.All(stage => stage.Key is YamlScalarNode { Value: "all" or "init" or "config" or "final" } && IsUsualLog(stage.Value)),
        _ => false,
    };

    // Where Debian's and all other images' own cloud.cfg.d/05_logging.cfg sends it, and failures are explained from.
    private static bool IsUsualLog(YamlNode value) => value switch
    {
        YamlScalarNode scalar => scalar.Value is "| tee -a /var/log/cloud-init-output.log" or ">> /var/log/cloud-init-output.log" or ">>/var/log/cloud-init-output.log",
        YamlSequenceNode { Children.Count: 2 } both => IsUsualLog(both[0]) && (both[1] is YamlScalarNode { Value: "&1" } || IsUsualLog(both[1])),
        YamlMappingNode map => map.Children.All(entry => entry.Key is YamlScalarNode { Value: "output" or "error" } && (IsUsualLog(entry.Value) || entry is { Key: YamlScalarNode { Value: "error" }, Value: YamlScalarNode { Value: "&1" } })),
        _ => false,
    };

    private static bool IsUser(YamlNode item)
    {
        if (item is not YamlMappingNode map)
            return IsAccount(item);
        // cloud-init takes an entry without a name for the image's default user, and what it says of that one wins over ours.
        return YamlText.Get(map, "name") is { } name && IsAccount(name) && (map.Children.Count == 1 || ((YamlScalarNode)name).Value != "default");
    }

    private static void RefuseOwnUsers(YamlNode users, OwnDescriptions own)
    {
        foreach (var item in (YamlSequenceNode)users)
            if ((item is YamlMappingNode map ? Text(map, "name") : ((YamlScalarNode)item).Value) is { } name && own.Users.Contains(name))
                throw Bad($"describes the user {name}, whom the VM's own fields describe");
    }

    // As cc_write_files finds the place: os.path.abspath, in the root directory.
    private static void RefuseOwnFiles(YamlNode files, OwnDescriptions own)
    {
        foreach (var item in (YamlSequenceNode)files)
            if (own.Files.Contains(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Text(item, "path")!, "/"))))
                throw Bad($"writes {Text(item, "path")}, which the VM's own fields write");
    }

    private static bool IsAccount(YamlNode node) =>
        YamlText.IsString(node) && Account().IsMatch(((YamlScalarNode)node).Value!);

    private static bool IsPackage(YamlNode item) =>
        YamlText.IsString(item) || (item is YamlSequenceNode { Children.Count: 1 or 2 } both && both.All(YamlText.IsString));

    private static bool AreGroups(YamlNode value) => value switch
    {
        YamlSequenceNode list => list.All(item => YamlText.IsString(item) || (item is YamlMappingNode map && AreMembers(map))),
        YamlMappingNode map => AreMembers(map),
        _ => YamlText.IsString(value),
    };

    private static bool AreMembers(YamlMappingNode map) => map.Children.Values.All(members => YamlText.IsString(members) || members is YamlSequenceNode);

    // cc_set_passwords expires every password that it sets, unless told otherwise, and sshd then lets that user run nothing.
    private static void CheckPasswords(YamlMappingNode root)
    {
        var chpasswd = YamlText.Get(root, "chpasswd");
        if (chpasswd is null && YamlText.Get(root, "password") is null)
            return;
        var expire = chpasswd is YamlMappingNode map ? YamlText.Get(map, "expire") : null;
        Require(expire is not null && YamlText.IsFalse(expire), "chpasswd", "lacks \"expire: false\": a password that has expired keeps its user from running commands over SSH");
    }

    private static void CheckMerge(YamlNode value)
    {
        if (value is YamlScalarNode { Value: { } how })
            CheckMerge(how);
        else if (value is YamlSequenceNode list && list.All(item => item is YamlMappingNode map && YamlText.Get(map, "settings") is YamlSequenceNode settings && settings.All(it => it is YamlScalarNode)))
            CheckMerge(string.Join('+', list.Cast<YamlMappingNode>().Select(MergerText)));
        else
            throw Bad("has a merge_how that is neither a text nor a list of mappings with name and settings");
    }

    private static string MergerText(YamlMappingNode map) =>
        $"{Text(map, "name")}({string.Join(',', (YamlSequenceNode)YamlText.Get(map, "settings")!)})";

    private static void Each(string key, YamlNode value, string form, Func<YamlNode, bool> isGood)
    {
        Require(value is YamlSequenceNode, key, "is no list");
        foreach (var (index, item) in ((YamlSequenceNode)value).Index())
            Require(isGood(item), key, $"has an item ({index + 1}) that is not {form}");
    }

    private static string? Text(YamlNode node, string key) =>
        node is YamlMappingNode map && YamlText.Get(map, key) is YamlScalarNode scalar && YamlText.IsString(scalar) ? scalar.Value : null;

    private static string Key(YamlNode key) =>
        key is YamlScalarNode { Value: { } name } && (key.Tag.IsEmpty || key.Tag.IsNonSpecific) ? name : throw Bad("has a top-level key that is no plain text");

    private static void Require(bool holds, string key, string why)
    {
        if (!holds)
            throw Bad($"has a \"{key}\" that {why}");
    }

    private static ArgumentException Bad(string why) => new($"{What} {why}.");

    [GeneratedRegex(@"\A(!|\?|tag:yaml\.org,2002:(str|int|float|bool|null|binary|timestamp|seq|map))\z")]
    private static partial Regex KnownTag();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_.-]{0,31}\z")]
    private static partial Regex Account();

    // No recurse_dict for lists: it would mix one user's entry with another's.
    [GeneratedRegex(@"\A(dict\(((no_replace|replace|recurse_(str|array|list|dict)|allow_delete)(,|(?=\))))*\)|list\(((append|prepend|no_replace|replace|recurse_(str|array|list))(,|(?=\))))*\)|str\((append)?\))\z")]
    private static partial Regex Merger();
}
