using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>Archives by SFTP alone, as in a guest without GNU tar.</summary>
public sealed class SftpArchiveTests(SshdFixture sshd) : ArchiveTests(sshd)
{
    private protected override GuestPrograms? Programs => null;
}
