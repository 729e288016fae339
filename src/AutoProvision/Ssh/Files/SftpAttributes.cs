namespace AutoProvision.Ssh.Files;

/// <summary>What is known of a file; in a request, what is to be changed.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Owner">User and group id, always both.</param>
/// <param name="Mode">Type and permissions, as <c>st_mode</c>.</param>
/// <param name="ModifiedAt">Seconds since 1970; also written as the time of access.</param>
internal sealed record SftpAttributes(long? Size = null, (uint User, uint Group)? Owner = null, uint? Mode = null, uint? ModifiedAt = null)
{
    private const uint TypeBits = 0xF000;

    public FileKind Kind => (Mode & TypeBits) switch
    {
        0x8000 => FileKind.File,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.Symlink,
        0x1000 => FileKind.Fifo,
        0xC000 => FileKind.Socket,
        0x2000 => FileKind.CharacterDevice,
        0x6000 => FileKind.BlockDevice,
        _ => FileKind.Unknown,
    };

    /// <summary>The twelve bits that chmod takes.</summary>
    public UnixFileMode Permissions => (UnixFileMode)((Mode ?? 0) & 0xFFF);

    public DateTimeOffset Modified => DateTimeOffset.FromUnixTimeSeconds(ModifiedAt ?? 0);
}

/// <param name="Name">Without its directory.</param>
/// <param name="Attributes">Of the entry itself, where it is a symbolic link.</param>
internal sealed record SftpEntry(string Name, SftpAttributes Attributes);
