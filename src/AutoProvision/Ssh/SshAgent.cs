using AutoProvision.Processes;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>
/// The user's SSH agent, through <c>ssh-add</c>; keys go in and out by standard input and never touch a path.
/// Exit codes of ssh-add(1): 0 done, 1 refused or nothing there, 2 no agent.
/// </summary>
public sealed class SshAgent(IProcessRunner processes, IOptions<SshOptions> options)
{
    private const int NoAgent = 2;

    /// <summary>Whether the agent is to be used: it is switched on, and there is a socket to reach it by. The other members work either way.</summary>
    public bool Enabled => options.Value.UseAgent && !string.IsNullOrEmpty(options.Value.AgentSocket);

    /// <summary>The agent's public key lines; none when it is empty.</summary>
    /// <exception cref="Vms.FailureException"><c>ssh_agent_unavailable</c>, <c>ssh_agent_refused</c>.</exception>
    public async Task<IReadOnlyList<string>> ListIdentitiesAsync(CancellationToken cancellation)
    {
        var result = await RunAsync(["-L"], input: null, cancellation);
        if (result.Succeeded)
            return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        // An empty agent answers with an exit code of 1 as well.
        return result.Output.Contains("no identities", StringComparison.OrdinalIgnoreCase)
            ? []
            : throw SshFailures.AgentRefused("list its keys", result.Evidence);
    }

    /// <exception cref="Vms.FailureException"><c>ssh_agent_unavailable</c>, <c>ssh_agent_refused</c>.</exception>
    public async Task AddAsync(string privateOpenSsh, CancellationToken cancellation)
    {
        var result = await RunAsync(["-q", "-"], privateOpenSsh, cancellation);
        if (!result.Succeeded)
            throw SshFailures.AgentRefused("take the key", result.Evidence);
    }

    /// <summary>A key that is not there counts as removed, and so does one whose agent is gone: it took its keys along.</summary>
    /// <exception cref="Vms.FailureException"><c>ssh_agent_refused</c>.</exception>
    public async Task RemoveAsync(string publicOpenSsh, CancellationToken cancellation)
    {
        var result = await AskAsync(["-q", "-d", "-"], publicOpenSsh + "\n", cancellation);
        if (!result.Succeeded && result.ExitCode != NoAgent && await HasAsync(publicOpenSsh, cancellation))
            throw SshFailures.AgentRefused("remove the key", result.Evidence);
    }

    private async Task<bool> HasAsync(string publicOpenSsh, CancellationToken cancellation)
    {
        var fingerprint = SshPublicKey.Fingerprint(publicOpenSsh);
        return (await ListIdentitiesAsync(cancellation)).Any(line => SshPublicKey.Fingerprint(line) == fingerprint);
    }

    private async Task<ProcessResult> RunAsync(string[] arguments, string? input, CancellationToken cancellation)
    {
        var result = await AskAsync(arguments, input, cancellation);
        return result.ExitCode == NoAgent ? throw SshFailures.AgentUnavailable(result.Evidence) : result;
    }

    private Task<ProcessResult> AskAsync(string[] arguments, string? input, CancellationToken cancellation) => processes.RunAsync(
        new ProcessCommand("ssh-add", arguments) { Input = input, Timeout = TimeSpan.FromSeconds(10), Environment = Environment() }, cancellation);

    private Dictionary<string, string> Environment() =>
        string.IsNullOrEmpty(options.Value.AgentSocket) ? [] : new() { ["SSH_AUTH_SOCK"] = options.Value.AgentSocket };
}
