using AutoProvision.Provisioning;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>A real step between fault points: before it, after it, and before its undo.</summary>
internal sealed class FaultyStep(IStep step, FaultPoints faults) : IStep
{
    public string Name => step.Name;

    public TimeSpan Timeout => step.Timeout;

    public Failure TimedOut => step.TimedOut;

    public bool WaitsForGuest => step.WaitsForGuest;

    public bool CanBeCutOff => step.CanBeCutOff;

    public bool TakesOver => step.TakesOver;

    public Task<bool> StillStandsAsync(Vm vm, CancellationToken cancellation) => step.StillStandsAsync(vm, cancellation);

    public static string Before(string step) => $"{step}: before";

    public static string After(string step) => $"{step}: after";

    public static string Undo(string step) => $"{step}: undo";

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        await faults.PassAsync(Before(Name), cancellation);
        await step.RunAsync(context, cancellation);
        await faults.PassAsync(After(Name), cancellation);
    }

    public async Task UndoAsync(Vm vm, CancellationToken cancellation)
    {
        await faults.PassAsync(Undo(Name), cancellation);
        await step.UndoAsync(vm, cancellation);
    }
}
