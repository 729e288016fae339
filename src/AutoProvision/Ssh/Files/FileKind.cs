namespace AutoProvision.Ssh.Files;

/// <summary>What a path leads to.</summary>
public enum FileKind
{
    Unknown,
    File,
    Directory,
    Symlink,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
}
