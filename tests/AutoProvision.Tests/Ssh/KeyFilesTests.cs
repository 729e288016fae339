namespace AutoProvision.Ssh;

public sealed class KeyFilesTests : IDisposable
{
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("autoprovision-keyfiles-");
    private readonly SshKeyPair _pair = SshKeyPair.Generate("vm");

    private string Location => Path.Combine(_parent.FullName, "vm-1");

    private KeyFiles Files => new(Location);

    public void Dispose() => _parent.Delete(recursive: true);

    [Fact]
    public void Writes_and_reads_a_pair_with_the_right_modes()
    {
        Files.Write(_pair);
        Files.WriteKnownHosts("10.0.0.5", 22, _pair.PublicOpenSsh);
        Assert.Equal(_pair, Files.Read());
        Assert.Equal("600", Mode(Files.PrivateKeyPath));
        Assert.Equal("700", Mode(Location));
        Assert.StartsWith("10.0.0.5 ssh-ed25519 ", File.ReadAllText(Files.KnownHostsPath), StringComparison.Ordinal);
        Assert.Equal(["id_ed25519", "id_ed25519.pub", "known_hosts"], Directory.GetFiles(Location).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Closes_a_directory_that_was_open_to_others()
    {
        Directory.CreateDirectory(Location);
        Files.Write(_pair);
        Assert.Equal("700", Mode(Location));
    }

    [Fact]
    public void Overwrites_also_what_a_crash_left_half_written()
    {
        Files.Write(SshKeyPair.Generate("old"));
        File.WriteAllText(Files.PrivateKeyPath + ".new", "half");
        Files.Write(_pair);
        Assert.Equal(_pair, Files.Read());
        Assert.Equal("600", Mode(Files.PrivateKeyPath));
    }

    [Fact]
    public void Removes_what_it_made_as_often_as_asked()
    {
        Files.Remove();
        Files.Write(_pair);
        File.WriteAllText(Files.PrivateKeyPath + ".new", "half");
        Files.Remove();
        Files.Remove();
        Assert.False(Directory.Exists(Location));
    }

    [Fact]
    public void Leaves_files_of_others()
    {
        Files.Write(_pair);
        File.WriteAllText(Path.Combine(Location, "notes"), "mine");
        Files.Remove();
        Assert.Equal(["notes"], Directory.GetFiles(Location).Select(Path.GetFileName));
    }

    private static string Mode(string path) => Convert.ToString((int)new FileInfo(path).UnixFileMode, 8);
}
