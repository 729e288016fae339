using System.Diagnostics;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>Against a real ssh-agent on a socket of its own.</summary>
public sealed class SshAgentTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-agent-");
    private Process? _process;

    private string Socket => Path.Combine(_directory.FullName, "agent");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _process = Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", Socket]) { RedirectStandardOutput = true })!;
        await HostProcesses.UntilAsync(() => File.Exists(Socket), "the agent listens");
    }

    public async ValueTask DisposeAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Keys_go_in_and_out_again()
    {
        var agent = Agent(Socket);
        var (one, two) = (SshKeyPair.Generate("one"), SshKeyPair.Generate("two"));
        Assert.Empty(await agent.ListIdentitiesAsync(Cancellation));
        await agent.AddAsync(one.PrivateOpenSsh, Cancellation);
        await agent.AddAsync(two.PrivateOpenSsh, Cancellation);
        Assert.Equal([one.PublicOpenSsh, two.PublicOpenSsh], await agent.ListIdentitiesAsync(Cancellation));
        await agent.RemoveAsync(one.PublicOpenSsh, Cancellation);
        await agent.RemoveAsync(one.PublicOpenSsh, Cancellation);
        Assert.Equal([two.PublicOpenSsh], await agent.ListIdentitiesAsync(Cancellation));
    }

    [Fact]
    public async Task Nothing_of_a_key_stays_on_disk()
    {
        await Agent(Socket).AddAsync(SshKeyPair.Generate("one").PrivateOpenSsh, Cancellation);
        Assert.Equal([Socket], _directory.EnumerateFileSystemInfos().Select(file => file.FullName));
    }

    [Fact]
    public async Task A_bad_key_is_refused_and_a_missing_agent_named()
    {
        Assert.Equal("ssh_agent_refused", await CodeAsync(() => Agent(Socket).AddAsync("no key", Cancellation)));
        var missing = Agent(Socket + ".missing");
        var key = SshKeyPair.Generate("one");
        Assert.Equal("ssh_agent_unavailable", await CodeAsync(() => missing.ListIdentitiesAsync(Cancellation)));
        Assert.Equal("ssh_agent_unavailable", await CodeAsync(() => missing.AddAsync(key.PrivateOpenSsh, Cancellation)));
        // It holds no key, and a VM's deletion does not wait for it.
        await missing.RemoveAsync(key.PublicOpenSsh, Cancellation);
    }

    private static async Task<string> CodeAsync(Func<Task> act) => (await Assert.ThrowsAsync<FailureException>(act)).Code;

    private static SshAgent Agent(string socket) =>
        new(new ProcessRunner(TimeProvider.System), Options.Create(new SshOptions { UseAgent = true, AgentSocket = socket }));
}
