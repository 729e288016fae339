using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Runs one step within its deadline; whatever keeps it from its end becomes a failure.</summary>
public sealed partial class StepRunner(Outages outages, GuestWatch watch, TimeProvider time, ILogger<StepRunner> logger)
{
    /// <param name="step">The step.</param>
    /// <param name="context">Its VM.</param>
    /// <param name="isWatched">Whether a guest that turns out to be dead ends it.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FailureException">The step's own failure, <see cref="IStep.TimedOut"/>, or <c>internal_error</c>.</exception>
    public async Task RunAsync(IStep step, StepContext context, bool isWatched, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(step.Timeout(context.Vm), time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await outages.RideOutAsync(context.Id, token => isWatched ? watch.WaitAsync(context.Id, it => step.RunAsync(context, it), token) : step.RunAsync(context, token), linked.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw e.InnerException as FailureException ?? new FailureException(step.TimedOut(context.Vm), e);
        }
        // A tool that is not cancelled half-way has a time of its own, as long as the step's.
        catch (FailureException e) when (e.Code == "tool_timeout" && deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new FailureException(step.TimedOut(context.Vm) with { Evidence = e.Failure.Evidence }, e);
        }
        // A cancellation that neither a DELETE nor the deadline asked for, such as an inner timeout, is a failure like any other.
        catch (Exception e) when (e is not FailureException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            LogUnexpected(e, context.Id, step.Name);
            throw new FailureException("internal_error", $"Step {step.Name} failed unexpectedly: {e.Message}", "This is a defect of the service; its log has the details.", inner: e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "VM {Id}: step {Step} failed unexpectedly")]
    private partial void LogUnexpected(Exception e, Guid id, string step);
}
