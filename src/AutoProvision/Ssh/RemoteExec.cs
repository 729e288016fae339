using System.Net.Sockets;
using AutoProvision.Vms;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>One command on one channel, from its start to the end of its streams.</summary>
internal sealed class RemoteExec : IDisposable
{
    private const int StdinChunk = 32 * 1024;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
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
        _command = client.ToCommand(ExecScript.Build(request, _marker.Token, shell));
        _output = new RemoteOutput(_command, request, sink, _marker, gate);
    }

    /// <summary>Told when the connection turns out not to answer any more.</summary>
    public required Action OnBroken { get; init; }

    /// <summary>Opens a connection to the same guest, for ending the command where this one takes no further channel.</summary>
    public required Func<CancellationToken, Task<SshClient>> LogIn { get; init; }

    /// <summary>Whether the guest opened the channel. If it did not, nothing was run, and nothing of the request was used up.</summary>
    public bool IsOpen { get; private set; }

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
        IsOpen = true;
        var input = _request.Stdin.IsEmpty ? Task.CompletedTask : DedicatedThread.RunAsync(() => WriteStdin(finished));
        var streams = _output.ReadAsync();
        await using var hurry = cancellation.Register(_output.Hurry);
        try
        {
            var timedOut = !await EndsInTimeAsync(finished, deadline, lost, cancellation);
            // The connection is gone, so that the guest cannot be told to end it.
            if (timedOut && lost.IsCancellationRequested)
                throw new SshConnectionException("The connection was given up.");
            var mayStillRun = timedOut && !await EndAsync(finished);
            // Ends the streams where something holds them still: what could not be ended, or what the shell left in the background.
            Dispose();
            await streams;
            if (timedOut && cancellation.IsCancellationRequested)
                throw new ExecLeftException(mayStillRun, cancellation);
            var isDoubtful = !timedOut && GuestEnd.IsPossible(_command.ExitStatus, Signal(), GuestEnd.IsConnected(_client)) && !lost.IsCancellationRequested;
            var fate = isDoubtful ? await FateAsync(isLost: false, lost, cancellation) : GuestFate.Up;
            if (WentDown(fate) is { } down)
                throw down;
            if (!timedOut)
                _output.ThrowIfRefused(_command.ExitStatus);
            return new ExecEnd(timedOut ? null : _command.ExitStatus, Signal(), _time.GetElapsedTime(started), timedOut) { MayStillRun = mayStillRun, IsUnexplained = fate == GuestFate.Unknown };
        }
        // What is the service's own is tried again at once.
        catch (Exception e) when (GuestEnd.IsLoss(e) && !_request.IsOwn && !lost.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            _output.Hurry();
            if (WentDown(await FateAsync(isLost: true, lost, cancellation), e) is { } down)
                throw down;
            throw;
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

    private async Task<bool> EndsInTimeAsync(Task finished, params CancellationToken[] ends)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ends);
        var trailing = new TrailingOutput();
        while (!finished.IsCompleted)
        {
            var pause = Task.Delay(HasExited ? TrailingOutput.Interval : Look, _time, linked.Token);
            await Task.WhenAny(finished, pause);
            if (finished.IsCompleted)
                break;
            if (linked.IsCancellationRequested)
            {
                // The shell was in time; nobody waits any longer for what it left running.
                if (HasExited)
                    _output.Hurry();
                return HasExited;
            }
            if (HasExited && trailing.IsOver(_output.Received, _output.IsReaderLate))
                return true;
        }
        await finished;
        return true;
    }

    // SSH.NET tells it by these alone.
    private bool HasExited => _command.ExitStatus is not null || Signal() is not null;

    /// <returns>Whether the guest confirmed that nothing of the command runs any more.</returns>
    private async Task<bool> EndAsync(Task finished)
    {
        // Held back, the answer to what is asked for next would not come through.
        _output.Hurry();
        if (_output.ProcessId is { } id)
        {
            await using var kill = new RemoteKill(_client, LogIn, _request.EndBy, _shell.Boot, _time);
            var isEnded = await kill.EndAsync(id, _request.User, finished);
            // Where all has ended, sshd tells so at once.
            if (kill.IsBroken || (isEnded && !finished.IsCompleted && !HasExited))
                OnBroken();
            return isEnded;
        }
        // The shell has not even started; the plain signal is all there is.
        await DedicatedThread.RunAsync(() => _command.CancelAsync(forceKill: true));
        return Signal() is not null;
    }

    private async Task<GuestFate> FateAsync(bool isLost, CancellationToken lost, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellation);
        return await new GuestEnd(_client, LogIn, _shell.Boot, _time).AskAsync(isLost, either.Token);
    }

    private static FailureException? WentDown(GuestFate fate, Exception? inner = null) => fate switch
    {
        GuestFate.Down => SshFailures.GuestWentDown(inner),
        GuestFate.Closed => SshFailures.GuestClosed(inner),
        _ => null,
    };

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
