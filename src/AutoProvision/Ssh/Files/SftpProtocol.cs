namespace AutoProvision.Ssh.Files;

/// <summary>Version 3 of the SSH File Transfer Protocol (draft-ietf-secsh-filexfer-02), the one that OpenSSH speaks: types of packets.</summary>
internal enum SftpPacket : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    LinkStat = 7,
    HandleStat = 8,
    SetStat = 9,
    SetHandleStat = 10,
    OpenDirectory = 11,
    ReadDirectory = 12,
    Remove = 13,
    MakeDirectory = 14,
    RemoveDirectory = 15,
    RealPath = 16,
    Stat = 17,
    ReadLink = 19,
    Symlink = 20,
    Status = 101,
    Handle = 102,
    Data = 103,
    Name = 104,
    Attributes = 105,
    Extended = 200,
    ExtendedReply = 201,
}

/// <summary>What an <see cref="SftpPacket.Status"/> says. A full disk has no number of its own: it is a <see cref="Failure"/>.</summary>
internal enum SftpStatus : uint
{
    Ok = 0,
    EndOfFile = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    Unsupported = 8,
}

[Flags]
internal enum SftpOpen : uint
{
    Read = 1,
    Write = 2,
    Create = 8,
    Exclusive = 32,
}

/// <summary>The server's refusal of one request.</summary>
internal sealed class SftpException(SftpStatus status, string message) : Exception(message)
{
    public SftpStatus Status { get; } = status;
}

/// <summary>The server is gone: its channel or connection ended in the middle, or it never was an SFTP server.</summary>
internal sealed class SftpEndedException(string message, Exception? inner = null) : Exception(message, inner);
