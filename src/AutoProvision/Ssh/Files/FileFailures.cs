using AutoProvision.Vms;

namespace AutoProvision.Ssh.Files;

/// <summary>What goes wrong with a guest's files, each with its stable code.</summary>
internal static class FileFailures
{
    public const string Missing = "file_not_found";
    public const string DirectoryMissing = "directory_missing";

    // Less than one request's data: what did not fit says only "Failure".
    private const ulong FullBytes = 1024 * 1024;

    public static FailureException NotFound(string path) => new(Missing,
        $"The guest has no {path}.", "GET /vms/{id}/files/stat?path= shows what is in a directory.");

    public static FailureException NoDirectory(string path) => new(DirectoryMissing,
        $"The guest has no directory {FilePath.Parent(path)}.", "With parents=true it is made.");

    public static FailureException NotDirectory(string path) => new("not_a_directory",
        $"{path} is no directory.", "An archive (Content-Type: application/x-tar) is unpacked into a directory; send a file's bytes with another type.");

    public static FailureException IsDirectory(string path) => new("file_is_directory",
        $"{path} is a directory.", "Name the file in it; with Content-Type: application/x-tar an archive is unpacked into it.");

    public static FailureException NotEmpty(string path) => new("directory_not_empty",
        $"The directory {path} is not empty.", "With recursive=true it is deleted with all that is in it.");

    public static FailureException NotRegular(string path, FileKind kind) => new("file_not_regular",
        $"{path} is a {kind.ToString().ToLowerInvariant()}.", "Files and directories can be transferred; for anything else use exec.");

    public static FailureException TarInvalid(Exception inner) => new("tar_invalid",
        inner.Message, "Send an uncompressed tar archive (\"tar cf\") whose names have no \"..\".", inner: inner);

    public static FailureException ArchiveBroken(string path, string seen, Exception inner) => new("file_failed",
        $"The guest did not give all of the directory {path}.", "The evidence says which file could not be read; read the directories around it by themselves.", seen, inner);

    public static FailureException Compressed(string how) => new("tar_invalid",
        $"The archive is compressed ({how}).", "Send it uncompressed: \"tar cf\" in place of \"tar czf\", or unpack it on the way, as with \"zcat archive.tar.gz | curl -T - ...\".");

    public static InvalidRequestException NoSuchOwner(string owner) => new(
        [new Fault("/owner", "owner_invalid", $"The guest has no user or group of \"{owner}\".", "user or user:group, each a name of the guest's /etc/passwd and /etc/group or a number.")]);

    public static FailureException Denied(string path, SftpException e) => new("file_permission_denied",
        $"The guest does not let the VM's user do that to {path}.", "Its user has no sudo without a password, or the file is immutable (lsattr).", e.Message, e);

    public static FailureException Full(string path, SftpException e) => new("guest_disk_full",
        $"The guest's file system with {path} is full.", "Free space in the guest, or make a VM with a larger diskGiB.", e.Message, e);

    public static FailureException Stopping() => new("service_stopping",
        "The service is being stopped; the transfer was ended.", "Send it again when the service is back.");

    /// <summary>Why a server refused something about a path.</summary>
    public static FailureException Explain(string path, SftpException e) => e.Status switch
    {
        SftpStatus.NoSuchFile => NotFound(path),
        SftpStatus.PermissionDenied => Denied(path, e),
        _ => new("file_failed", $"The guest refused to do that to {path}.", "Its file system may be read-only, or the directory a mount point; see the evidence.", e.Message, e),
    };

    /// <summary>The same of something that takes up room.</summary>
    public static async Task<FailureException> ExplainWriteAsync(Sftp sftp, string path, SftpException e, CancellationToken cancellation) =>
        e.Status == SftpStatus.Failure && await IsFullAsync(sftp, path, cancellation)
            ? Full(path, e)
            : Explain(path, e);

    /// <summary>The session ended by itself.</summary>
    public static FailureException Ended(SftpEndedException e, bool begun) => begun
        ? new(SshFailures.Lost, "The connection broke while files were transferred.", "See whether the guest restarted or ran out of memory, then send the request again.", e.Message, e)
        : new("ssh_files_unavailable", "The guest's SFTP server did not start.", "Install it in the guest (openssh-sftp-server on Debian).", e.Message, e);

    private static async Task<bool> IsFullAsync(Sftp sftp, string path, CancellationToken cancellation)
    {
        try
        {
            return await sftp.FindRoomAsync(FilePath.Parent(path), cancellation) is var (bytes, files) && (bytes < FullBytes || files == 0);
        }
        catch (Exception e) when (e is SftpException or SftpEndedException)
        {
            return false;
        }
    }
}
