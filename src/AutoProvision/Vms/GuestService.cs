using System.Runtime.CompilerServices;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>What is done inside a reachable VM.</summary>
public sealed partial class GuestService(
    VmService vms, VmAccess access, GuestRoot root, SshConnectionPool connections, ExecMemory memory, LostGuests lost, IHostApplicationLifetime lifetime, ILogger<GuestService> logger) : IAsyncDisposable
{
    // Commands whose callers have left, until they are ended.
    private readonly TrackedTasks _left = new();

    /// <summary>How much of a stream can be kept, however much is asked for.</summary>
    public long MostOutput => memory.Most;

    /// <summary>Runs a command in a reachable VM and keeps its output, which is held until the result is disposed of.</summary>
    /// <exception cref="FailureException">
    /// <c>vm_not_found</c>, <c>vm_not_ready</c>, <c>service_stopping</c>, <c>exec_user_refused</c>, <c>exec_cwd_unusable</c>, <c>exec_memory_exhausted</c> or one of SSH's.
    /// </exception>
    public async Task<ExecCapture> ExecAsync(string id, ExecRequest request, CancellationToken cancellation)
    {
        var running = CaptureAsync(id, request, cancellation);
        try
        {
            return await running.WaitAsync(cancellation);
        }
        catch when (cancellation.IsCancellationRequested)
        {
            // The caller has left; the guest's end of the command is waited for apart.
            _left.Add(SeeToItsEndAsync(id, running));
            throw;
        }
    }

    /// <summary>The same as it happens; leaving the enumeration ends the command, and reading slowly slows it.</summary>
    /// <inheritdoc cref="ExecAsync"/>
    public async IAsyncEnumerable<ExecEvent> StreamAsync(string id, ExecRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var input = memory.Hold(request.Stdin);
        var left = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pipe = new ExecPipe(request.MaxOutputBytes);
        var running = ExecAloneAsync(id, request, pipe, left.Token);
        try
        {
            await foreach (var what in pipe.ReadAsync(running, cancellation))
                yield return what;
        }
        finally
        {
            await left.CancelAsync();
            _left.Add(SeeToItsEndAsync(id, running, pipe, left, input));
        }
    }

    /// <summary>The login shell of a reachable VM's user, on a terminal.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>vm_not_ready</c>, <c>service_stopping</c> or one of SSH's.</exception>
    public Task<ITerminal> OpenTerminalAsync(string id, string type, TerminalSize size, CancellationToken cancellation) => UnlessStoppedAsync<ITerminal>(id, async token =>
    {
        var session = await OpenAsync(id, token);
        try
        {
            return new SessionTerminal(session, await session.OpenTerminalAsync(type, size, token));
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }, cancellation);

    /// <summary>How a person logs in by themselves.</summary>
    /// <exception cref="FailureException"><c>vm_not_found</c> or <c>vm_not_ready</c>.</exception>
    public SshAccess GetSshAccess(string id)
    {
        var vm = vms.GetReachable(id);
        return SshAccess.For(vm, access.Keys(vm.Id));
    }

    /// <summary>Waits until what is being ended has ended; no longer than that may take for each.</summary>
    public ValueTask DisposeAsync() => _left.DisposeAsync();

    private async Task<ExecCapture> CaptureAsync(string id, ExecRequest request, CancellationToken cancellation)
    {
        using var input = memory.Hold(request.Stdin);
        var output = new ExecCollector(request, memory);
        try
        {
            return output.Output(await (request.Stdin.Length > ExecRequest.SharedStdin ? ExecAloneAsync(id, request, output, cancellation) : ExecSharedAsync(id, request, output, cancellation)));
        }
        catch
        {
            output.Dispose();
            throw;
        }
    }

    private async Task SeeToItsEndAsync(string id, Task running, params IDisposable[] used)
    {
        try
        {
            await running;
        }
        catch (ExecLeftException e) when (e.MayStillRun)
        {
            LogMayStillRun(id);
        }
        catch (Exception)
        {
            // The caller has left: there is no one to tell.
        }
        finally
        {
            if (running is Task<ExecCapture> { IsCompletedSuccessfully: true, Result: var unread })
                unread.Dispose();
            foreach (var it in used)
                it.Dispose();
        }
    }

    private Task<ExecEnd> ExecSharedAsync(string id, ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        var vm = vms.GetReachable(id);
        return UnlessStoppedAsync(id, async token =>
            await lost.CheckAsync(id, await connections.ExecAsync(vm.Id.ToString(), () => access.Target(vms.GetReachable(id)), request with { EndBy = root.Of(vm.Id) }, sink, token)), cancellation);
    }

    private Task<ExecEnd> ExecAloneAsync(string id, ExecRequest request, IExecSink sink, CancellationToken cancellation) => UnlessStoppedAsync(id, async token =>
    {
        await using var session = await OpenAsync(id, token);
        return await lost.CheckAsync(id, await session.ExecAsync(request with { EndBy = root.Of(vms.Get(id).Id) }, sink, token));
    }, cancellation);

    private Task<ISshSession> OpenAsync(string id, CancellationToken cancellation)
    {
        var vm = vms.GetReachable(id);
        return connections.Sessions.OpenAsync(vm.Id.ToString(), () => access.Target(vms.GetReachable(id)), cancellation);
    }

    private async Task<T> UnlessStoppedAsync<T>(string id, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw VmFailures.Stopping();
        }
        catch (FailureException e) when (e.Code == SshFailures.Lost)
        {
            throw await lost.ExplainAsync(id, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A command whose caller left may still run in VM {Id}: the guest did not confirm that it has ended")]
    private partial void LogMayStillRun(string id);
}
