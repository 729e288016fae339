using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>The command that shows that a guest can be used: who runs it, and its exit code, must come back.</summary>
public static class SshProof
{
    private const int ExitCode = 42;

    public static readonly ExecRequest Request = new($"id -un; exit {ExitCode}") { IsOwn = true };

    /// <exception cref="FailureException"><c>ssh_command_failed</c>.</exception>
    public static void Check(ExecResult result, string user)
    {
        if (result.ExitCode != ExitCode || result.Stdout.Trim() != user)
            throw new FailureException(SshFailures.CommandFailed, $"A command over SSH as {user} did not give its exit code back.",
                "The image's login shell or sshd configuration keeps commands from running.", result.Stderr);
    }
}
