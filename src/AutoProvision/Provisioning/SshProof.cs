using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>The command that shows that a guest can be used: who runs it, and its exit code, must come back.</summary>
public static class SshProof
{
    private const int ExitCode = 42;

    public static readonly ExecRequest Request = new($"id -un; exit {ExitCode}") { IsOwn = true };

    private const int EvidenceChars = 1000;

    /// <exception cref="FailureException"><c>ssh_command_failed</c>.</exception>
    public static void Check(ExecResult result, string user)
    {
        if (result.ExitCode != ExitCode || result.Stdout.Trim() != user)
            throw new FailureException(SshFailures.CommandFailed, $"A command over SSH as {user} did not give its exit code back.",
                "The image's login shell, its start-up files or sshd's configuration keep commands from running; the evidence is what came back.", Evidence(result));
    }

    // It is asked for two things, and either may be what is wrong.
    private static string Evidence(ExecResult result) => $"""
        exit code: {(result.ExitCode is { } code ? $"{code}" : result.Signal is { } signal ? $"none, ended by the signal {signal}" : "none, it did not end in time")}
        --- stdout ---
        {Tail(result.Stdout)}
        --- stderr ---
        {Tail(result.Stderr)}
        """;

    private static string Tail(string text) => text.Length <= EvidenceChars ? text.TrimEnd() : text[^EvidenceChars..].TrimEnd();
}
