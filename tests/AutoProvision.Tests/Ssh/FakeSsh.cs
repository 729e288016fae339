using System.Text;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

/// <summary>A guest whose sshd is down, knows no user yet, is another machine or lets one in; it remembers its connections.</summary>
internal sealed class FakeSsh : ISshConnector
{
    public static readonly SshTarget Target = new("10.0.0.5", 22, "debian", SshKeyPair.Generate("host").PublicOpenSsh, "key");

    /// <summary>The failure that the guest shows now; none when it is ready.</summary>
    public FailureException? Fault { get; set; }

    /// <summary>While it is not done, attempts to connect hang.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>How many commands at once the guest allows on a connection.</summary>
    public int MaxSessions { get; set; } = 10;

    public int Attempts { get; private set; }

    public List<Connection> Connections { get; } = [];

    public List<Session> Sessions { get; } = [];

    public static FailureException Refused => SshFailures.NotReachable(Target, "Connection refused");

    public static FailureException Denied => SshFailures.NotAuthenticated(Target, new InvalidOperationException("Permission denied (publickey)."));

    public static FailureException OtherHost => SshFailures.WrongHost(Target, "SHA256:other");

    public async Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation)
    {
        Attempts++;
        await Gate.WaitAsync(cancellation);
        if (Fault is not null)
            throw Fault;
        Connections.Add(new Connection(target, MaxSessions));
        return Connections[^1];
    }

    public Task<ISshSession> OpenSessionAsync(SshTarget target, CancellationToken cancellation)
    {
        Sessions.Add(new Session(target));
        return Task.FromResult<ISshSession>(Sessions[^1]);
    }

    /// <summary>One whose command runs until it is closed.</summary>
    internal sealed class Session(SshTarget target) : ISshSession
    {
        private readonly TaskCompletionSource<ExecEnd> _running = new();

        public bool Closed { get; private set; }

        public Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation) => _running.Task.WaitAsync(cancellation);

        public Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            Closed = true;
            _running.TrySetException(SshFailures.ConnectionLost(target, new IOException("closed")));
            return ValueTask.CompletedTask;
        }
    }

    internal sealed class Connection(SshTarget target, int most) : ISshConnection
    {
        private int _running;

        public SshTarget Target => target;

        public bool IsAlive { get; set; } = true;

        public bool Closed { get; private set; }

        public List<ExecRequest> Ran { get; } = [];

        /// <summary>While it is not done, commands run on.</summary>
        public Task Gate { get; set; } = Task.CompletedTask;

        public async Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation)
        {
            if (_running >= most)
                throw new ConnectionFullException();
            Ran.Add(request);
            _running++;
            try
            {
                await Gate.WaitAsync(cancellation);
            }
            finally
            {
                _running--;
            }
            sink.Stdout(Encoding.UTF8.GetBytes(request.Command));
            return new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false);
        }

        public Task<ISshChannel> OpenAsync(string command, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            (IsAlive, Closed) = (false, true);
            return ValueTask.CompletedTask;
        }
    }
}
