using AutoProvision.Processes;

namespace AutoProvision.HostTests.Support;

/// <summary>A real ssh-agent on a socket of its own, ended by its process id.</summary>
public sealed class OwnAgent : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-agent-");
    private string _processId = "";

    public string Socket => Path.Combine(_directory.FullName, "agent.sock");

    public static async Task<OwnAgent> StartAsync()
    {
        var agent = new OwnAgent();
        var output = await Tool.OutputAsync("ssh-agent", "-a", agent.Socket);
        agent._processId = output.Split("SSH_AGENT_PID=")[1].Split(';')[0];
        return agent;
    }

    /// <summary>Makes a key in the agent and gives its public line.</summary>
    public async Task<string> AddIdentityAsync()
    {
        var path = Path.Combine(_directory.FullName, "identity");
        await Tool.OutputAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "somebody's own key", "-f", path);
        await AddAsync("-q", path);
        return (await File.ReadAllTextAsync(path + ".pub")).Trim();
    }

    public Task<ProcessResult> ListAsync() => AddAsync("-L");

    public async ValueTask DisposeAsync()
    {
        await Tool.RunAsync(new ProcessCommand("kill", _processId));
        _directory.Delete(recursive: true);
    }

    private Task<ProcessResult> AddAsync(params IReadOnlyList<string> arguments) =>
        Tool.RunAsync(new ProcessCommand("ssh-add", arguments) { Environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = Socket } });
}
