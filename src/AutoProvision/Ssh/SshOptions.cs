using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>Configuration section <c>Ssh</c>.</summary>
public sealed class SshOptions
{
    public const string Section = "Ssh";

    /// <summary>How long a TCP connection may take before the guest counts as not there yet.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Handshake and login. A guest under emulation needs about two seconds for them.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at a guest that is still booting.</summary>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A pooled connection that nobody used for this long is closed.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>For commands that do not bring their own.</summary>
    public TimeSpan ExecTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Commands and file transfers at once on one connection, of which transfers take half at most; more wait their turn.
    /// OpenSSH allows ten channels (<c>MaxSessions</c>): the others are for ending a command.
    /// </summary>
    public int ConcurrentExecs { get; set; } = 8;

    /// <summary>Streamed commands and terminals at once in one VM; each has a connection of its own.</summary>
    public int SessionsPerVm { get; set; } = 16;

    /// <summary>
    /// How much memory the commands of all VMs may hold together, of their input and of the output of those that are not streamed; in MiB.
    /// Where it is used up, a command's further output is dropped.
    /// </summary>
    public int MaxBufferedOutputMiB { get; set; } = 256;

    /// <summary>Authorise the agent's identities on new VMs, and give the agent each VM's key for as long as the VM lives.</summary>
    public bool UseAgent { get; set; }

    /// <summary>The agent's socket; taken from <c>SSH_AUTH_SOCK</c> where empty. Without either there is no agent.</summary>
    public string? AgentSocket { get; set; }
}

internal sealed class SshOptionsValidator : IValidateOptions<SshOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, SshOptions options)
    {
        var faults = new List<string>();
        Check(nameof(options.ProbeTimeout), options.ProbeTimeout, TimeSpan.FromSeconds(1));
        Check(nameof(options.ConnectTimeout), options.ConnectTimeout, Longest);
        Check(nameof(options.RetryInterval), options.RetryInterval, TimeSpan.FromMilliseconds(250));
        Check(nameof(options.KeepAliveInterval), options.KeepAliveInterval, Longest);
        Check(nameof(options.IdleTimeout), options.IdleTimeout, Longest);
        Check(nameof(options.ExecTimeout), options.ExecTimeout, Longest);
        if (options.ConcurrentExecs is < 1 or > 9)
            faults.Add($"Ssh:{nameof(options.ConcurrentExecs)} is {options.ConcurrentExecs}; it has to be 1 to 9.");
        if (options.SessionsPerVm is < 1 or > 1000)
            faults.Add($"Ssh:{nameof(options.SessionsPerVm)} is {options.SessionsPerVm}; it has to be 1 to 1000.");
        // The input of one command is as large as a body, of which all must fit.
        if (options.MaxBufferedOutputMiB is < 8 or > 65536)
            faults.Add($"Ssh:{nameof(options.MaxBufferedOutputMiB)} is {options.MaxBufferedOutputMiB}; it has to be 8 to 65536.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Check(string setting, TimeSpan value, TimeSpan most)
        {
            if (value <= TimeSpan.Zero || value > most)
                faults.Add($"Ssh:{setting} is {value}; it has to be above zero and at most {most}.");
        }
    }
}
