using System.Net.Sockets;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>One command on one channel, from its start to the end of its streams.</summary>
internal sealed class RemoteExec : IDisposable
{
    private readonly ProcessMarker _marker = new();
    private readonly CappedOutput _stdout;
    private readonly CappedOutput _stderr;
    private readonly SshClient _client;
    private readonly ExecRequest _request;
    private readonly TimeProvider _time;
    private readonly SshCommand _command;

    public RemoteExec(SshClient client, ExecRequest request, TimeProvider time)
    {
        (_client, _request, _time) = (client, request, time);
        _stdout = new CappedOutput(request.MaxOutputBytes);
        _stderr = new CappedOutput(request.MaxOutputBytes);
        _command = client.CreateCommand(_marker.Wrap(request.Command, HasInput));
    }

    /// <summary>Told when the connection turns out not to answer any more.</summary>
    public required Action OnBroken { get; init; }

    private bool HasInput => !string.IsNullOrEmpty(_request.Stdin);

    /// <summary>Runs the command until it ends, its deadline or the caller ends it, or the connection is given up.</summary>
    public async Task<ExecResult> RunAsync(CancellationToken deadline, CancellationToken lost, CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        // Opening the channel is bounded by the connection's own timeout.
        var finished = await DedicatedThread.RunAsync(() => _command.ExecuteAsync(CancellationToken.None));
        var streams = Task.WhenAll(
            DedicatedThread.RunAsync(ReadStdout),
            DedicatedThread.RunAsync(ReadStderr),
            HasInput ? DedicatedThread.RunAsync(() => WriteStdin(finished)) : Task.CompletedTask);
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
            return new ExecResult(_command.ExitStatus, Signal(), _stdout.Text, _stderr.Text,
                _time.GetElapsedTime(started), timedOut, _stdout.Truncated || _stderr.Truncated);
        }
        finally
        {
            Dispose();
            await streams;
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
        if (_marker.ProcessId is { } id)
        {
            if (!await new RemoteKill(_client, _time).EndAsync(id, finished))
                OnBroken();
            return;
        }
        // The shell has not even started; the plain signal is all there is.
        await DedicatedThread.RunAsync(() => _command.CancelAsync(forceKill: true));
    }

    private void ReadStdout() => CappedOutput.Drain(_command.OutputStream, _stdout.Append);

    private void ReadStderr()
    {
        CappedOutput.Drain(_command.ExtendedOutputStream, chunk => _marker.Filter(chunk, _stderr.Append));
        _marker.Flush(_stderr.Append);
    }

    private void WriteStdin(Task finished)
    {
        try
        {
            using var input = _command.CreateInputStream();
            foreach (var chunk in Encoding.UTF8.GetBytes(_request.Stdin!).Chunk(32 * 1024).TakeWhile(_ => !finished.IsCompleted))
                input.Write(chunk, 0, chunk.Length);
        }
        catch (Exception e) when (e is SshException or SocketException or InvalidOperationException or IOException)
        {
            // The command ended without reading its input; its exit code tells the rest. (A lost connection shows in the command itself.)
        }
    }

    private string? Signal() => string.IsNullOrEmpty(_command.ExitSignal) ? null : _command.ExitSignal;
}
