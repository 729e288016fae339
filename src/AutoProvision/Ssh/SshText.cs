using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>The one place where a text becomes a remote command.</summary>
internal static class SshText
{
    /// <exception cref="Vms.FailureException"><c>command_too_long</c>; SSH.NET would throw an InvalidOperationException of its own once the channel is open.</exception>
    public static SshCommand ToCommand(this SshClient client, SentText text) =>
        text.Length is var length && length <= ExecScript.LongestText ? client.CreateCommand(text.Value) : throw SshFailures.TooLong(length);
}
