using System.Text;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

// Homes, and directories that files bring along: useradd leaves a home alone that is there already, and cloud-init makes missing
// directories as root (until 23.x; later the file's owner has them).
public sealed partial class CloudInitBuilder
{
    private const string Homes = "/home/";

    // Far more than people write; a caller's user-data could name any number.
    private const int MostDirectories = 1000;
    private const int MostParents = 32;

    // In memory, and gone with the boot that it is about.
    private const string NoteAbsent = """
        mkdir -p /run/autoprovision
        for it; do [ -e "$it" ] || printf '%s\n' "$it"; done >/run/autoprovision/absent
        """;

    private const string Settle = """
        #!/bin/sh
        # Gives homes and directories that were made on the way what useradd and their files' owners would have given them, and files the
        # bits that a change of owner takes away. Runs once, when users and deferred files are there, before the commands and scripts of user-data.
        is_roots() { [ -d "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %u "$1")" = 0 ]; }
        was_absent() { grep -qxF -- "$1" /run/autoprovision/absent 2>/dev/null; }

        # home USER: one that useradd found there, because a disk is mounted on or in it
        home() {
          entry=$(getent passwd "$1") && [ "$(echo "$entry" | cut -d: -f3)" -ge 1000 ] || return 0
          home=$(echo "$entry" | cut -d: -f6) owner=$(echo "$entry" | cut -d: -f3,4)
          case $home in /home/?*) ;; *) was_absent "$home" || return 0 ;; esac
          is_roots "$home" || return 0
          (cd /etc/skel 2>/dev/null && find . ! -name .) | while IFS= read -r it; do
            [ -e "$home/$it" ] || [ -L "$home/$it" ] || {
              if [ -d "/etc/skel/$it" ] && [ ! -L "/etc/skel/$it" ]; then mkdir "$home/$it"; else cp -pP "/etc/skel/$it" "$home/$it"; fi
              chown -h "$owner" "$home/$it"
            }
          done
          mode=$(sed -n 's/^[[:space:]]*HOME_MODE[[:space:]][[:space:]]*\([0-7]*\).*/\1/p' /etc/login.defs 2>/dev/null)
          [ -z "$mode" ] || chmod "$mode" "$home"
          chown -- "$owner" "$home"
        }

        # within HOME DIRECTORY: belongs to whom the home belongs
        within() { ! is_roots "$2" || chown "$(stat -c %u:%g "$1")" "$2"; }

        # made DIRECTORY OWNER ENTRIES: by cloud-init, for a file of that owner; a package's has more in it
        made() {
          is_roots "$1" && was_absent "$1" && [ "$(ls -A "$1" | wc -l)" -eq "$3" ] || return 0
          chown -- "$2" "$1"
        }


        """;

    /// <summary>Whether a file is written only when users are there and disks are mounted.</summary>
    internal bool IsLate(string path, CallersAccounts others) =>
        HomeOf(path, others) is not null || MountPoints(others).Any(point => IsBeneath(path, point));

    // Before cc_users_groups a file would make the home, before cc_mounts it would be hidden.
    private void DeferLateFiles(CallersAccounts others)
    {
        foreach (var file in _files.Cast<YamlMappingNode>().Where(file => IsLate(PathOf(file), others)))
            file.Children["defer"] = Flag(true);
    }

    // Runs before cloud-init's own script with the commands, and before the caller's scripts (scripts-per-instance, scripts-user).
    private IEnumerable<YamlNode> SettlingScript(CallersAccounts others)
    {
        var calls = new StringBuilder();
        if (MountPoints(others).Any(point => $"{point}/" == Homes || IsHome(point, others) || HomeOf(point, others) is not null))
            foreach (var user in _userNames.Concat(others.Users))
                calls.Append($"home {Quoted(user)}\n");
        foreach (var (home, directory) in DirectoriesInHomes(others))
            calls.Append($"within {Quoted(home)} {Quoted(directory)}\n");
        var entries = AllPaths(others).SelectMany(path => Parents(path).Prepend(path)).Distinct().CountBy(path => path[..path.LastIndexOf('/')]).ToDictionary();
        foreach (var (directory, owner) in NewDirectories(others))
            calls.Append($"made {Quoted(directory)} {Quoted(owner)} {entries[directory]}\n");
        foreach (var (mode, path) in _modes)
            calls.Append($"chmod {mode} {Quoted(path)}\n");
        if (calls.Length == 0)
            return [];
        // A copy of the machine has a script of its own, or none.
        var script = Settle.ReplaceLineEndings("\n") + calls.Append("rm -f \"$0\"\n");
        return [Map(("path", Text("/var/lib/cloud/scripts/per-instance/000-settle")), ("content", Text(script)), ("permissions", Text("0700")))];
    }

    private IEnumerable<(string Home, string Directory)> DirectoriesInHomes(CallersAccounts others)
    {
        var points = MountPoints(others).ToHashSet();
        return AllPaths(others).Where(path => HomeOf(path, others) is not null)
            .SelectMany(path => Parents(path).Concat(points.Contains(path) ? [path] : []).Select(directory => (HomeOf(directory, others)!, directory)))
            .Where(it => it.Item1 is not null).Distinct().Take(MostDirectories).OrderBy(it => it.directory, StringComparer.Ordinal);
    }

    // Where an owner is asked for, elsewhere than in a home: that owner's, but for what was there and what a disk is mounted on.
    private IEnumerable<(string Path, string Owner)> NewDirectories(CallersAccounts others) =>
        AllFiles(others).Where(file => file.Owner is { } owner && owner.Split(':')[0] != "root" && HomeOf(file.Path, others) is null)
            .SelectMany(file => Parents(file.Path).Select(directory => (directory, file.Owner!)))
            .Where(it => !MountPoints(others).Contains(it.directory)).DistinctBy(it => it.directory).Take(MostDirectories).OrderBy(it => it.directory, StringComparer.Ordinal);

    private IEnumerable<(string Path, string? Owner)> AllFiles(CallersAccounts others) =>
        _files.Cast<YamlMappingNode>().Select(file => (PathOf(file), file.Children.TryGetValue("owner", out var owner) ? ((YamlScalarNode)owner).Value : null))
            .Concat(others.Files.Select(file => (Path.GetFullPath(file.Path, "/"), file.Owner)));

    private IEnumerable<string> AllPaths(CallersAccounts others) => AllFiles(others).Select(file => file.Path).Concat(MountPoints(others));

    private IEnumerable<string> MountPoints(CallersAccounts others) => _mounts.Keys.Concat(others.Mounts);

    // The home that a path lies in; null for one that lies in none, and for a home itself.
    private static string? HomeOf(string path, CallersAccounts others)
    {
        if (others.Homes.FirstOrDefault(home => IsBeneath(path, home)) is { } named)
            return named;
        var end = path.StartsWith(Homes, StringComparison.Ordinal) ? path.IndexOf('/', Homes.Length) : -1;
        return end < 0 ? null : path[..end];
    }

    private static bool IsHome(string path, CallersAccounts others) =>
        others.Homes.Contains(path) || (path.StartsWith(Homes, StringComparison.Ordinal) && !path[Homes.Length..].Contains('/'));

    private static bool IsBeneath(string path, string directory) => path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static IEnumerable<string> Parents(string path)
    {
        if (path.AsSpan().Count('/') > MostParents)
            yield break;
        for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
            yield return path[..end];
    }

    private static string PathOf(YamlMappingNode file) => ((YamlScalarNode)file["path"]).Value!;

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
