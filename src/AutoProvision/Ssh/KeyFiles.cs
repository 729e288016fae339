namespace AutoProvision.Ssh;

/// <summary>
/// One VM's key files in a directory of their own (mode 0700): <c>id_ed25519</c> (0600) and <c>id_ed25519.pub</c> to log in with, the
/// guest's own <c>host_ed25519</c> (0600) and <c>host_ed25519.pub</c>, the service's own <c>service_ed25519</c> (0600) and
/// <c>service_ed25519.pub</c>, and <c>known_hosts</c>.
/// Each file appears whole or not at all, with its final mode from its first byte on.
/// </summary>
public sealed class KeyFiles(string directory)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode OwnerDirectory = OwnerOnly | UnixFileMode.UserExecute;

    public string PrivateKeyPath => Path.Combine(directory, "id_ed25519");

    public string PublicKeyPath => PrivateKeyPath + ".pub";

    private string HostKeyPath => Path.Combine(directory, "host_ed25519");

    public string KnownHostsPath => Path.Combine(directory, "known_hosts");

    private string ServiceKeyPath => Path.Combine(directory, "service_ed25519");

    /// <summary>Whether the user's and the guest's pairs are here.</summary>
    public bool AreComplete => Files.Except([KnownHostsPath, .. ServiceFiles]).All(File.Exists);

    /// <summary>Whether the service's own pair is here; VMs of earlier versions have none.</summary>
    public bool HasServiceKey => ServiceFiles.All(File.Exists);

    private string[] ServiceFiles => [ServiceKeyPath, ServiceKeyPath + ".pub"];

    private string[] Files => [PrivateKeyPath, PublicKeyPath, HostKeyPath, HostKeyPath + ".pub", KnownHostsPath, .. ServiceFiles];

    public void Write(SshKeyPair pair) => WritePair(PrivateKeyPath, pair);

    /// <summary>The guest's own key, kept so that its seed can be made again.</summary>
    public void WriteHostKey(SshKeyPair pair) => WritePair(HostKeyPath, pair);

    /// <summary>The key of the service's own account in the guest.</summary>
    public void WriteServiceKey(SshKeyPair pair) => WritePair(ServiceKeyPath, pair);

    /// <summary>Called once the address is known; a later call replaces the line.</summary>
    public void WriteKnownHosts(string host, int port, string hostKeyPublic) =>
        WriteFile(KnownHostsPath, SshPublicKey.KnownHostsLine(host, port, hostKeyPublic) + "\n", Readable);

    /// <exception cref="IOException">A key file is missing.</exception>
    public SshKeyPair Read() => ReadPair(PrivateKeyPath);

    /// <exception cref="IOException">A key file is missing.</exception>
    public SshKeyPair ReadHostKey() => ReadPair(HostKeyPath);

    /// <exception cref="IOException">A key file is missing.</exception>
    public SshKeyPair ReadServiceKey() => ReadPair(ServiceKeyPath);

    /// <summary>What <see cref="Remove"/> would remove: full paths.</summary>
    public IReadOnlyList<string> Existing => !Directory.Exists(directory) ? []
        : !Directory.EnumerateFileSystemEntries(directory).Any() ? [directory]
        : [.. Files.SelectMany(path => (string[])[path, Unfinished(path)]).Where(File.Exists)];

    /// <summary>Removes what this class made and nothing else: the directory stays if somebody put a file of their own in it. Absent is fine.</summary>
    public void Remove()
    {
        if (!Directory.Exists(directory))
            return;
        foreach (var path in Files)
        {
            File.Delete(path);
            File.Delete(Unfinished(path));
        }
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
            Directory.Delete(directory);
    }

    private static SshKeyPair ReadPair(string path) => new(File.ReadAllText(path), File.ReadAllText(path + ".pub").TrimEnd());

    private void WritePair(string path, SshKeyPair pair)
    {
        WriteFile(path, pair.PrivateOpenSsh, OwnerOnly);
        WriteFile(path + ".pub", pair.PublicOpenSsh + "\n", Readable);
    }

    private void WriteFile(string path, string text, UnixFileMode mode)
    {
        CreateDirectory();
        File.Delete(Unfinished(path));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using (var file = new FileStream(Unfinished(path), options))
        using (var writer = new StreamWriter(file))
        {
            writer.Write(text);
            writer.Flush();
            file.Flush(flushToDisk: true);
        }
        File.Move(Unfinished(path), path, overwrite: true);
    }

    private void CreateDirectory()
    {
        Directory.CreateDirectory(directory, OwnerDirectory);
        // An existing directory keeps its mode through the call above.
        File.SetUnixFileMode(directory, OwnerDirectory);
    }

    private static string Unfinished(string path) => path + ".new";
}
