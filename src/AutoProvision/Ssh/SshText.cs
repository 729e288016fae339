using System.Text;
using Renci.SshNet;

namespace AutoProvision.Ssh;

/// <summary>The one place where a text becomes a remote command.</summary>
internal static class SshText
{
    /// <exception cref="Vms.FailureException"><c>command_too_long</c>; SSH.NET would throw an InvalidOperationException of its own once the channel is open.</exception>
    public static SshCommand ToCommand(this SshClient client, string text) =>
        Encoding.UTF8.GetByteCount(text) is var length && length <= ExecScript.LongestText ? client.CreateCommand(text) : throw SshFailures.TooLong(length);
}
