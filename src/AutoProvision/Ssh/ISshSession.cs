namespace AutoProvision.Ssh;

/// <summary>
/// A connection for one command or one terminal, whose reader sets the pace: what is not taken stays in the guest, and slows
/// there what writes it. Disposing closes it, whatever still runs over it.
/// </summary>
public interface ISshSession : IAsyncDisposable
{
    /// <summary>As <see cref="ISshConnection.ExecAsync"/>, with input of any size.</summary>
    /// <exception cref="Vms.FailureException">
    /// <c>ssh_connection_lost</c>, <c>ssh_channel_refused</c>, <c>exec_user_refused</c>, <c>exec_cwd_unusable</c>.
    /// </exception>
    Task<ExecEnd> ExecAsync(ExecRequest request, IExecSink sink, CancellationToken cancellation);

    /// <summary>The user's login shell on a terminal of its own.</summary>
    /// <exception cref="Vms.FailureException"><c>ssh_connection_lost</c>, <c>ssh_channel_refused</c>.</exception>
    Task<ITerminal> OpenTerminalAsync(string type, TerminalSize size, CancellationToken cancellation);
}

/// <param name="Columns">Characters in a line.</param>
/// <param name="Rows">Lines.</param>
public readonly record struct TerminalSize(int Columns, int Rows);

/// <summary>A shell on a pseudo-terminal. One reads and one writes.</summary>
public interface ITerminal : IAsyncDisposable
{
    /// <summary>What the terminal shows, until the shell ends or the connection is lost.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync(CancellationToken cancellation);

    /// <summary>What is typed.</summary>
    Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>Takes effect after what was written before.</summary>
    Task ResizeAsync(TerminalSize size, CancellationToken cancellation);

    /// <summary>How the shell ended, once all was read; null when the connection was lost first.</summary>
    TerminalEnd? End { get; }
}

/// <param name="ExitCode">Of the shell; null when a signal ended it.</param>
/// <param name="Signal">Name without <c>SIG</c>; null when it ended by itself.</param>
public sealed record TerminalEnd(int? ExitCode, string? Signal);
