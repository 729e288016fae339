using System.Text.RegularExpressions;
using AutoProvision.CloudInit.Yaml;
using AutoProvision.Inputs;

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
    }.SelectMany(group => group.Item2.Select(key => (key, why: group.Item1))).ToDictionary(it => it.key, it => it.why);

    /// <exception cref="ArgumentException">It cannot be loaded, or is not a mapping.</exception>
    public static YamlMap Read(string yaml, InputBudget budget) => YamlReader.Read(yaml, budget) as YamlMap ?? throw Bad("is not one YAML mapping");

    /// <summary>JSON pointers of keys that cloud-init does not know.</summary>
    /// <param name="root">The config.</param>
    /// <param name="own">What the VM's own fields describe.</param>
    /// <exception cref="ArgumentException">It is refused; the message says why.</exception>
    public static IReadOnlyList<string> Check(YamlMap root, OwnDescriptions own)
    {
        foreach (var (key, value) in root.Entries)
            CheckEntry(key.Value as string ?? throw Bad($"has a top-level key that is not a text (line {key.Line})"), value, own);
        CheckPasswords(root);
        var (refusal, unknown) = CloudConfigSchema.Judge(root);
        return refusal is null ? unknown : throw Bad($"has values of another type than cloud-init takes: {refusal}");
    }

    /// <summary>How a part is merged: dict, list and str with cloud-init's own settings (cloudinit/mergers).</summary>
    public static void CheckMerge(string how)
    {
        // string_extract_mergers takes spaces and capitals too.
        if (!how.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant().Split('+').All(merger => Merger().IsMatch(merger)))
            throw Bad($"is to be merged by \"{how}\", which is not understood; such as \"list(append)+dict(recurse_list)+str()\"");
    }

    private static void CheckEntry(string key, YamlValue value, OwnDescriptions own)
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
                Each(key, value, "a text or a list (a number is to be quoted)", item => Text(item) is not null || item is YamlList or YamlScalar { Value: null });
                break;
            case "packages":
                Each(key, value, "a name or a list of name and version", IsPackage);
                break;
            case "mounts":
                Each(key, value, "a list of fstab's fields", item => item is YamlList { Items.Count: > 0 and <= 6 });
                break;
            case "fs_setup":
                Each(key, value, "a mapping", item => item is YamlMap);
                break;
            case "mount_default_fields":
                Require(value is YamlList { Items.Count: 6 }, key, "is not a list of fstab's six fields");
                break;
            case "groups":
                Require(AreGroups(value), key, "is neither a text nor a list or mapping of names to texts or lists");
                break;
            case "device_aliases":
                Require(value is YamlMap, key, "is not a mapping");
                break;
            case "merge_how" or "merge_type":
                CheckMerge(value);
                break;
        }
    }

    // What holds without the key, too.
    private static bool IsDefault(string key, YamlValue value) => key switch
    {
        "preserve_hostname" or "prefer_fqdn_over_hostname" or "manual_cache_clean" => value is YamlScalar { Value: false },
        "create_hostname_file" or "allow_userdata" => value is YamlScalar { Value: true },
        "output" => value is YamlMap { Entries.Count: > 0 } stages && stages.Entries.All(stage => stage.Key.Value is "all" or "init" or "config" or "final" && IsUsualLog(stage.Value)),
        _ => false,
    };

    // Where Debian's and all other images' own cloud.cfg.d/05_logging.cfg sends it, and failures are explained from.
    private static bool IsUsualLog(YamlValue value) => value switch
    {
        YamlScalar scalar => scalar.Value is "| tee -a /var/log/cloud-init-output.log" or ">> /var/log/cloud-init-output.log" or ">>/var/log/cloud-init-output.log",
        YamlList { Items.Count: 2 } both => IsUsualLog(both.Items[0]) && (IsSameLog(both.Items[1]) || IsUsualLog(both.Items[1])),
        YamlMap map => map.Entries.All(entry => entry.Key.Value is "output" or "error" && (IsUsualLog(entry.Value) || (entry.Key.Value is "error" && IsSameLog(entry.Value)))),
        _ => false,
    };

    private static bool IsSameLog(YamlValue value) => value is YamlScalar { Value: "&1" };

    // cloud-init takes an entry without a name for the image's default user, and what it says of that one wins over ours.
    private static bool IsUser(YamlValue item) => item is YamlMap map
        ? Text(map, "name") is { } name && IsAccount(name) && (map.Entries.Count == 1 || name != "default")
        : Text(item) is { } account && IsAccount(account);

    private static void RefuseOwnUsers(YamlValue users, OwnDescriptions own)
    {
        foreach (var item in ((YamlList)users).Items)
            if ((Text(item) ?? Text(item, "name")) is { } name && own.Users.Contains(name))
                throw Bad($"describes the user {name}, whom the VM's own fields describe");
    }

    // As cc_write_files finds the place: os.path.abspath, in the root directory.
    private static void RefuseOwnFiles(YamlValue files, OwnDescriptions own)
    {
        foreach (var item in ((YamlList)files).Items)
            if (own.Files.Contains(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Text(item, "path")!, "/"))))
                throw Bad($"writes {Text(item, "path")}, which the VM's own fields write");
    }

    private static bool IsAccount(string name) => Account().IsMatch(name);

    private static bool IsPackage(YamlValue item) =>
        Text(item) is not null || (item is YamlList { Items.Count: 1 or 2 } both && both.Items.All(it => Text(it) is not null));

    private static bool AreGroups(YamlValue value) => value switch
    {
        YamlList list => list.Items.All(item => Text(item) is not null || (item is YamlMap map && AreMembers(map))),
        YamlMap map => AreMembers(map),
        _ => Text(value) is not null,
    };

    private static bool AreMembers(YamlMap map) => map.Entries.All(entry => Text(entry.Value) is not null || entry.Value is YamlList);

    // cc_set_passwords expires every password that it sets, unless told otherwise, and sshd then lets that user run nothing.
    private static void CheckPasswords(YamlMap root)
    {
        if (root["chpasswd"] is null && root["password"] is null)
            return;
        Require((root["chpasswd"] as YamlMap)?["expire"] is YamlScalar { Value: false }, "chpasswd",
            "lacks \"expire: false\": a password that has expired keeps its user from running commands over SSH");
    }

    private static void CheckMerge(YamlValue value)
    {
        if (Text(value) is { } how)
            CheckMerge(how);
        else if (value is YamlList list && list.Items.All(item => item is YamlMap map && map["settings"] is YamlList settings && settings.Items.All(it => it is YamlScalar)))
            CheckMerge(string.Join('+', list.Items.Cast<YamlMap>().Select(MergerText)));
        else
            throw Bad("has a merge_how that is neither a text nor a list of mappings with name and settings");
    }

    private static string MergerText(YamlMap map) =>
        $"{Text(map, "name")}({string.Join(',', ((YamlList)map["settings"]!).Items.Select(item => ((YamlScalar)item).Text))})";

    private static void Each(string key, YamlValue value, string form, Func<YamlValue, bool> isGood)
    {
        Require(value is YamlList, key, "is not a list");
        foreach (var (index, item) in ((YamlList)value).Items.Index())
            Require(isGood(item), key, $"has an item ({index + 1}, line {item.Line}) that is not {form}");
    }

    private static string? Text(YamlValue? value) => (value as YamlScalar)?.Value as string;

    private static string? Text(YamlValue value, string key) => Text((value as YamlMap)?[key]);

    private static void Require(bool holds, string key, string why)
    {
        if (!holds)
            throw Bad($"has a \"{key}\" that {why}");
    }

    private static ArgumentException Bad(string why) => new($"{What} {why}.");

    [GeneratedRegex(@"\A[a-z_][a-z0-9_.-]{0,31}\z")]
    private static partial Regex Account();

    // No recurse_dict for lists: it would mix one user's entry with another's.
    [GeneratedRegex(@"\A(dict\(((no_replace|replace|recurse_(str|array|list|dict)|allow_delete)(,|(?=\))))*\)|list\(((append|prepend|no_replace|replace|recurse_(str|array|list))(,|(?=\))))*\)|str\((append)?\))\z")]
    private static partial Regex Merger();
}
