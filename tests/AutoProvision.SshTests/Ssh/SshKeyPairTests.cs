using AutoProvision.Processes;

namespace AutoProvision.Ssh;

public sealed class SshKeyPairTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-keys-");
    private readonly ProcessRunner _processes = new(TimeProvider.System);

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("autoprovision web 1")]
    public async Task OpenSSH_reads_the_pair_and_agrees_on_it(string comment)
    {
        var pair = SshKeyPair.Generate(comment);
        var files = new KeyFiles(_directory.FullName);
        files.Write(pair);
        Assert.Equal(pair.PublicOpenSsh, await KeygenAsync("-y", "-f", files.PrivateKeyPath));
        Assert.Contains($" {pair.Fingerprint} ", await KeygenAsync("-l", "-f", files.PublicKeyPath), StringComparison.Ordinal);
    }

    private async Task<string> KeygenAsync(params string[] arguments)
    {
        var result = await _processes.RunAsync(new ProcessCommand("ssh-keygen", arguments), TestContext.Current.CancellationToken);
        Assert.True(result.Succeeded, result.Evidence);
        return result.Output.TrimEnd();
    }
}
