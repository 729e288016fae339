namespace AutoProvision.Ssh;

/// <summary>A command was ended because its caller left.</summary>
/// <param name="mayStillRun">As in <see cref="ExecEnd"/>.</param>
/// <param name="caller">Whose token it was.</param>
internal sealed class ExecLeftException(bool mayStillRun, CancellationToken caller) : OperationCanceledException(caller)
{
    public bool MayStillRun => mayStillRun;
}
