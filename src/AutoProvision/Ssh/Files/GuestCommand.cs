namespace AutoProvision.Ssh.Files;

/// <summary>
/// Scripts that do with one process of the guest what would take many requests over SFTP. Each says
/// <see cref="Ready"/> before it begins, and nothing where the guest cannot do it; in the end it says <see cref="End"/> and its exit code.
/// </summary>
internal static class GuestCommand
{
    public const string Ready = "autoprovision-ready";
    public const string Begun = "begun";
    public const string End = "end ";

    /// <summary>The end of what succeeded.</summary>
    public const string Done = End + "0";

    /// <summary>How many bytes of an archive are sent for each line that is read.</summary>
    public const int Window = 1024 * 1024;

    // The options are GNU tar's, and so is what is relied on: others have not all of them.
    private const string FindTar = """
        export LC_ALL=C TAR_OPTIONS=
        case $(tar --version 2>/dev/null) in *"GNU tar"*) ;; *) exit ;; esac
        """;

    // Directories that are there already get their new files here, by a handful of processes in place of a request for each file: a hard link
    // takes the place of the old file in one step. All may fail: what is not linked stays, and is moved over SFTP or has its reason told, and so
    // does everything where a directory is a link there, which may lead out. Where nothing of that size is there it is not worth the processes.
    private const string Merge = """
        merge() {
        find . -mindepth 1 -type d -exec sh -c 'for it; do test ! -L "$0/$it" || exit 1; done' "$1" {} + || return
        find . -type d -exec sh -c 'for it; do test ! -d "$0/$it" || printf "%s\0" "$it"/* "$it"/.[!.]* "$it"/..?*; done' "$1" {} + |
        xargs -0 cp -Plf --parents -t "$1" --
        find . ! -type d -links +1 -delete
        find . -mindepth 1 -depth -type d -exec sh -c 'for it; do test ! -d "$0/$it" || printf "%s\0" "$it"; done' "$1" {} + | xargs -0 rmdir
        }
        merges() {
        there=$1
        set -- *
        test $# -le 100 || return 0
        for it; do test ! -d "$it" || test ! -d "$there/$it" || return 0; done
        return 1
        }
        """;

    // What is unpacked is in a directory of root's until it is whole. GNU tar is content with an archive that ends between two entries: the last entry,
    // which is named after that directory, tells that this one was sent to its end. Where it was not, or tar fails, or the service no longer
    // reads how it ended, all of it is removed: what is read to its end first keeps its sender from waiting, and the full disk full until its sender has looked.
    private const string UnpackScript = $"""
        test "$(id -u)" = 0 || exit
        {FindTar}
        {Merge}
        echo {Ready}
        read -r go || exit
        cd -- "$1" && mkdir -m 700 -- "$2" && cd -- "$2" || exit
        echo {Begun}
        tar -xpf - --same-owner --numeric-owner --warning=none 2>&1
        code=$?
        trap "" PIPE
        test $code != 0 || rm -- "$2" 2>/dev/null || code=2
        test $code != 0 || ! merges "$1" || merge "$1" </dev/null >/dev/null 2>&1
        echo "{End}$code" && test $code = 0 && exit
        cat >/dev/null
        cd / && rm -rf -- "$1/$2"
        """;

    // SSH.NET takes all that comes into its memory (see FlowGate): no more is sent than was asked for. Of what tar complains of, the
    // beginning is enough.
    private static readonly string PackScript = $$"""
        cd -- "$1" || exit
        shift
        {{FindTar}}
        exec 3<&0
        echo {{Ready}}
        { { tar -cf - --format=gnu --hard-dereference --numeric-owner --warning=none "$@" . 2>&1 >&4 </dev/null; echo "{{End}}$?" >&4; } |
        { head -c 1000; cat >/dev/null; } >&2; } 4>&1 | while read -r go <&3; do head -c {{Window}}; done
        """;

    // Removing reads and writes nothing that would tell it that nobody waits any more.
    private const string RemoveScript = $$"""
        test -e "$1" || test -L "$1" || exit
        exec 3<&0
        echo {{Ready}}
        rm -rf -- "$1" </dev/null >/dev/null 2>&1 3<&- & removing=$!
        { cat <&3; kill $removing; } >/dev/null 2>&1 & watching=$!
        wait $removing
        code=$?
        kill $watching 2>/dev/null
        echo "{{End}}$code"
        """;

    /// <summary>
    /// Unpacks an archive from its input into a new directory, with the owners that its numbers are of. It makes that and says <see cref="Begun"/>
    /// when it has read a line, so that it can be started before there is a directory above.
    /// </summary>
    /// <param name="directory">What is above the new one.</param>
    /// <param name="name">Of the new one, and of the archive's last entry, an empty file, which is removed. The directory is gone again where that failed.</param>
    public static GuestScript Unpack(string directory, string name) => new(UnpackScript, directory, name);

    /// <summary>Writes a directory as an archive of GNU tar: at most <see cref="Window"/> bytes for each line of its input.</summary>
    public static GuestScript Pack(string directory) => new(PackScript, [directory, .. Kernels(directory)]);

    /// <summary>Removes what is there, a directory with all that is in it. Its input's end ends it.</summary>
    public static GuestScript Remove(string path) => new(RemoveScript, path);

    /// <summary>The kernel's own files are left out of the whole guest, as <see cref="TarDownload"/> leaves them out.</summary>
    private static IEnumerable<string> Kernels(string directory) =>
        directory == "/" ? ["--anchored", .. TarDownload.Kernels.Select(path => $"--exclude=.{path}/*")] : [];
}
