using Renci.SshNet;
using Renci.SshNet.Messages.Connection;

namespace AutoProvision.Ssh;

/// <summary>
/// How a shell ended. SSH.NET's shell does not say; its connection reads the two messages (RFC 4254, section 6.10) into the
/// objects that its settings name for them, so on a connection with one shell they are that shell's.
/// </summary>
internal sealed class ShellExit
{
    private readonly Status _status = new();
    private readonly Killed _signal = new();

    public TerminalEnd? End => _status.End ?? _signal.End;

    public static ShellExit Of(SshClient client)
    {
        var exit = new ShellExit();
        client.ConnectionInfo.ChannelRequests[exit._status.RequestName] = exit._status;
        client.ConnectionInfo.ChannelRequests[exit._signal.RequestName] = exit._signal;
        return exit;
    }

    private sealed class Status : RequestInfo
    {
        public override string RequestName => "exit-status";

        public TerminalEnd? End { get; private set; }

        protected override void LoadData()
        {
            base.LoadData();
            End = new TerminalEnd((int)ReadUInt32(), null);
        }
    }

    private sealed class Killed : RequestInfo
    {
        public override string RequestName => "exit-signal";

        public TerminalEnd? End { get; private set; }

        protected override void LoadData()
        {
            base.LoadData();
            End = new TerminalEnd(null, ReadString());
        }
    }
}
