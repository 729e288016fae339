namespace AutoProvision.Ssh;

/// <summary>What happens while a command runs: its start, its output, its end.</summary>
public abstract record ExecEvent;

/// <param name="ProcessId">The command's process in the guest; null where its shell did not tell it.</param>
public sealed record ExecStarted(int? ProcessId) : ExecEvent;

/// <param name="IsError">From stderr.</param>
/// <param name="Data">As it came, cut anywhere.</param>
public sealed record ExecOutput(bool IsError, ReadOnlyMemory<byte> Data) : ExecEvent;

/// <param name="End">How.</param>
/// <param name="Truncated">Output was dropped: beyond the limit, or what the reader had not taken when the command was ended.</param>
public sealed record ExecExited(ExecEnd End, bool Truncated) : ExecEvent;
