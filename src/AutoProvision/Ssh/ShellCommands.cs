using AutoProvision.Vms;
using Renci.SshNet.Common;

namespace AutoProvision.Ssh;

/// <summary>Runs commands by the login shell of one connection, which is asked for once: a login alone takes many times as long.</summary>
/// <param name="create">Makes a command, which is not begun yet.</param>
/// <param name="options">Say how long to wait between tries.</param>
/// <param name="time">Measures that.</param>
internal sealed class ShellCommands(Func<LoginShell, ExecRequest, IExecSink, RemoteExec> create, SshOptions options, TimeProvider time)
{
    // sshd may not have noticed yet that the last channel was closed.
    private const int MostTries = 5;
    private readonly LoginShell _shell = new();

    /// <exception cref="ChannelNotOpenedException">The guest opened no channel: nothing was run.</exception>
    public async Task<ExecEnd> RunAsync(ExecRequest request, IExecSink sink, CancellationToken deadline, CancellationToken lost, CancellationToken cancellation)
    {
        if (!request.IsOwn && _shell.IsUnknown)
        {
            using var told = new ExecCollector(LoginShell.Question);
            // A command whose time went by before it is not begun.
            var end = await RunOnceAsync(LoginShell.Question, told, deadline, lost, cancellation);
            if (end.TimedOut)
                return end;
            _shell.LearnBoot(told.Result(end).Stdout);
        }
        return await RunOnceAsync(request, sink, deadline, lost, cancellation);
    }

    /// <summary>Tries again where the guest opened no channel.</summary>
    /// <param name="attempt">Throws <c>ssh_channel_refused</c> then.</param>
    /// <param name="cancellation">Ends the wait in between.</param>
    public async Task<T> RetryAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        for (var left = MostTries; ; left--)
        {
            try
            {
                return await attempt();
            }
            catch (FailureException e) when (e.Code == SshFailures.Refused && left > 1)
            {
                await Task.Delay(options.RetryInterval, time, cancellation);
            }
        }
    }

    private async Task<ExecEnd> RunOnceAsync(ExecRequest request, IExecSink sink, CancellationToken deadline, CancellationToken lost, CancellationToken cancellation)
    {
        using var exec = create(_shell, request, sink);
        try
        {
            return await exec.RunAsync(deadline, lost, cancellation);
        }
        catch (SshException e) when (!exec.IsOpen && e is not (SshConnectionException or SshOperationTimeoutException))
        {
            throw new ChannelNotOpenedException(e);
        }
    }
}

/// <summary>The guest opened no channel for a command.</summary>
internal sealed class ChannelNotOpenedException(SshException cause) : Exception(cause.Message, cause);
