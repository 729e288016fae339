namespace AutoProvision.Ssh.Files;

/// <summary>Starts the guest's SFTP server as root where the user may use sudo, so that every path works, and as the user otherwise.</summary>
internal static class SftpCommand
{
    /// <summary>The line before the server's first byte; what comes before it was printed by the user's start-up files.</summary>
    public const string Begins = "autoprovision-sftp-begins";

    // Debian and Ubuntu, Fedora, Alpine and Arch, others.
    private const string Find = """
        for server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server /usr/libexec/sftp-server; do
        test -x "$server" && break; done
        """;

    internal const string MaySudo = """test "$(id -u)" != 0 && sudo -n true 2>/dev/null""";

    // The file's own directory, where the path is a symbolic link.
    private const string ServeAndCleanUp = """'"$1"; file=$(readlink -f -- "$2"); rm -f -- "${file%/*}/$3"'""";

    // Only where the unpacking was cut off: the mark is there until its end.
    private const string ServeAndSweep = """'"$1"; rm -rf -- "$2/$3.d"; test ! -e "$2/$3.mark" || find "$2/" -xdev -name "$3*" -exec rm -f -- {} +'""";

    public const string Plain = $"""
        {Find}
        echo {Begins}
        {MaySudo} && exec sudo -n -- "$server"
        exec "$server"
        """;

    /// <summary>Whatever cuts the session off, a lost connection too, the guest itself removes the unfinished file.</summary>
    /// <param name="path">What is written.</param>
    /// <param name="temporary">The name that it has in the same directory until it is whole.</param>
    public static string WithCleanUp(string path, string temporary) => With(ServeAndCleanUp, path, temporary);

    /// <summary>The same for a directory that an archive is unpacked into.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="temporary">The name that each file has until it is whole; with <see cref="Mark"/>, that of a file which is in the directory for as long.</param>
    public static string WithSweep(string directory, string temporary) => With(ServeAndSweep, directory, temporary);

    /// <summary>The same begun by the service's own account, for a user: as whom and with whose rights it runs is as if the user had logged in.</summary>
    public static string As(string user, string command) => $"exec sudo -n -u {ShellQuote.Quote(user)} -H -- sh -c {ShellQuote.Quote(command)}";

    public static string Mark(string temporary) => temporary + ".mark";

    /// <summary>The directory in the other one that the guest's tar unpacks into, see <see cref="GuestCommand.Unpack"/>.</summary>
    public static string Stage(string temporary) => temporary + ".d";

    private static string With(string serve, string path, string temporary) => $"""
        {Find}
        echo {Begins}
        set -- "$server" {ShellQuote.Quote(path)} {ShellQuote.Quote(temporary)}
        {MaySudo} && exec sudo -n -- sh -c {serve} sh "$@"
        exec sh -c {serve} sh "$@"
        """;
}
