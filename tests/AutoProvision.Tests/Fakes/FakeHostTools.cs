using System.Collections.Concurrent;
using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>The host's programs: qemu-img, which finds every image fine, and ssh-add with an agent that keeps its keys here.</summary>
internal sealed class FakeHostTools : IProcessRunner
{
    /// <summary>Fingerprint to public line.</summary>
    public ConcurrentDictionary<string, string> AgentKeys { get; } = new();

    public Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation) => Task.FromResult(command.FileName switch
    {
        "qemu-img" => new ProcessResult(0, FakeQemuImg.Plain, ""),
        "ssh-add" => SshAdd(command.Arguments, command.Input),
        _ => throw new FailureException("tool_missing", $"{command.FileName} could not be started.", $"Install {command.FileName}."),
    });

    // Exit codes and words of ssh-add(1).
    private ProcessResult SshAdd(IReadOnlyList<string> arguments, string? input)
    {
        if (arguments.Contains("-L"))
            return AgentKeys.IsEmpty ? new(1, "The agent has no identities.\n", "") : new(0, string.Join('\n', AgentKeys.Values) + "\n", "");
        if (arguments.Contains("-d"))
            return AgentKeys.TryRemove(SshPublicKey.Fingerprint(input!), out _) ? new(0, "", "") : new(1, "", "Could not remove identity");
        var publicLine = PrivateKeyText.PublicLine(input!);
        AgentKeys[SshPublicKey.Fingerprint(publicLine)] = publicLine;
        return new(0, "", "");
    }
}
