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

    // The file's own directory, where the path is a symbolic link.
    private const string CleanUp = """
        file=$1
        test ! -L "$file" || file=$(readlink -f -- "$file")
        test ! -e "${file%/*}/$2" || rm -f -- "${file%/*}/$2"
        """;

    // Only where the unpacking was cut off: the mark is there until its end.
    private const string Sweep = """test ! -e "$1/$2.d" || rm -rf -- "$1/$2.d"; test ! -e "$1/$2.mark" || find "$1/" -xdev -name "$2*" -exec rm -f -- {} +""";

    public static readonly GuestScript Plain = new($"""
        {Find}
        echo {Begins}
        exec "$server"
        """);

    /// <summary>Whatever cuts the session off, a lost connection too, the guest itself removes the unfinished file.</summary>
    /// <param name="path">What is written.</param>
    /// <param name="temporary">The name that it has in the same directory until it is whole.</param>
    public static GuestScript WithCleanUp(string path, string temporary) => With(CleanUp, path, temporary);

    /// <summary>The same for a directory that an archive is unpacked into.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="temporary">The name that each file has until it is whole; with <see cref="Mark"/>, that of a file which is in the directory for as long.</param>
    public static GuestScript WithSweep(string directory, string temporary) => With(Sweep, directory, temporary);

    public static string Mark(string temporary) => temporary + ".mark";

    /// <summary>The directory in the other one that the guest's tar unpacks into, see <see cref="GuestCommand.Unpack"/>.</summary>
    public static string Stage(string temporary) => temporary + ".d";

    private static GuestScript With(string after, string path, string temporary) => new($"""
        {Find}
        echo {Begins}
        "$server"
        {after}
        """, path, temporary);
}
