using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>One command on one channel, from its start to the end of its streams.</summary>
internal sealed class RemoteExec : IDisposable
{
    private const int StdinChunk = 32 * 1024;
    private readonly SshClient _client;
    private readonly ExecRequest _request;
    private readonly TimeProvider _time;
    private readonly LoginShell _shell;
    private readonly ProcessMarker _marker;
    private readonly SshCommand _command;
    private readonly RemoteOutput _output;

    public RemoteExec(SshClient client, LoginShell shell, ExecRequest request, IExecSink sink, TimeProvider time, FlowGate? gate = null)
    {
        (_client, _shell, _request, _time) = (client, shell, request, time);
        _marker = new ProcessMarker(request.IsOwn);
        _command = client.CreateCommand(ExecScript.Build(request, _marker.Token, shell));
        _output = new RemoteOutput(_command, request, sink, _marker, gate);
    }

    /// <summary>Told when the connection turns out not to answer any more.</summary>
    public required Action OnBroken { get; init; }

    /// <summary>Told when the command and its output have ended; may close a connection that nobody else uses.</summary>
    public Func<Task> OnEnded { get; init; } = () => Task.CompletedTask;

    /// <summary>How long opening the channel may take, or its connection's own timeout where that is shorter.</summary>
    public TimeSpan Patience { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Runs the command until it ends, its deadline or the caller ends it, or the connection is given up.</summary>
    /// <exception cref="Vms.FailureException"><c>exec_user_refused</c>, <c>exec_cwd_unusable</c>: nothing was run.</exception>
    public async Task<ExecEnd> RunAsync(CancellationToken deadline, CancellationToken lost, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        var finished = await DedicatedThread.RunAsync(() => _command.ExecuteAsync(CancellationToken.None)).WaitAsync(Patience, _time, lost);
        var input = _request.Stdin.IsEmpty ? Task.CompletedTask : DedicatedThread.RunAsync(() => WriteStdin(finished));
        var streams = _output.ReadAsync();
        await using var hurry = cancellation.Register(_output.Hurry);
        try
        {
            var timedOut = !await EndsInTimeAsync(finished, deadline, lost, cancellation);
            // Nobody is there any more who could be told to end it.
            if (timedOut && lost.IsCancellationRequested)
                throw new SshConnectionException("The connection was given up.");
            if (timedOut)
                await EndAsync(finished);
            Dispose(); // Ends the streams where the command could not be ended.
            await streams;
            if (timedOut)
                cancellation.ThrowIfCancellationRequested();
            else
                _output.ThrowIfRefused(_command.ExitStatus);
            return new ExecEnd(_command.ExitStatus, Signal(), _time.GetElapsedTime(started), timedOut);
        }
        finally
        {
            _output.Hurry();
            Dispose();
            await streams;
            _shell.Learn(_marker.LoginShell);
            await OnEnded();
            await input;
        }
    }

    public void Dispose() => _command.Dispose();

    private static async Task<bool> EndsInTimeAsync(Task finished, params CancellationToken[] ends)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ends);
        try
        {
            await finished.WaitAsync(linked.Token);
            return true;
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task EndAsync(Task finished)
    {
        // Held back, the answer to what is asked for next would not come through.
        _output.Hurry();
        if (_output.ProcessId is { } id)
        {
            if (!await new RemoteKill(_client, _time).EndAsync(id, _request.User, finished))
                OnBroken();
            return;
        }
        // The shell has not even started; the plain signal is all there is.
        await DedicatedThread.RunAsync(() => _command.CancelAsync(forceKill: true));
    }

    private void WriteStdin(Task finished)
    {
        try
        {
            using var input = _command.CreateInputStream();
            for (var rest = _request.Stdin; !rest.IsEmpty && !finished.IsCompleted; rest = rest[Math.Min(rest.Length, StdinChunk)..])
                input.Write(rest.Span[..Math.Min(rest.Length, StdinChunk)]);
        }
        catch (Exception e) when (e is SshException or SocketException or InvalidOperationException or IOException)
        {
            // The command ended without reading its input; its exit code tells the rest. (A lost connection shows in the command itself.)
        }
    }

    private string? Signal() => string.IsNullOrEmpty(_command.ExitSignal) ? null : _command.ExitSignal;
}
