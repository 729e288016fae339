using AutoProvision.Provisioning;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AutoProvision.Fakes;

/// <summary>A real step between fault points: before it, after it, and before its undo; for all VMs, and for one by its name.</summary>
internal sealed class FaultyStep(IStep step, FaultPoints faults) : IStep
{
    public string Name => step.Name;

    public TimeSpan Timeout(Vm vm) => step.Timeout(vm);

    public Failure TimedOut(Vm vm) => step.TimedOut(vm);

    public bool WaitsForGuest => step.WaitsForGuest;

    public bool CanBeCutOff => step.CanBeCutOff;

    public bool TakesOver => step.TakesOver;

    public Task<bool> StillStandsAsync(Vm vm, CancellationToken cancellation) => step.StillStandsAsync(vm, cancellation);

    public static string Before(string step) => $"{step}: before";

    public static string After(string step) => $"{step}: after";

    public static string Undo(string step) => $"{step}: undo";

    /// <summary>One of the points, for one VM alone.</summary>
    public static string Of(string vm, string point) => $"{vm}@{point}";

    /// <summary>Puts the fault points around all steps, which keep their order.</summary>
    public static void WrapAll(IServiceCollection services, FaultPoints faults)
    {
        var steps = services.Where(service => service.ServiceType == typeof(IStep)).ToList();
        services.RemoveAll<IStep>();
        foreach (var step in steps)
            services.AddSingleton<IStep>(provider =>
                new FaultyStep((IStep)ActivatorUtilities.CreateInstance(provider, step.ImplementationType!), faults));
    }

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        await PassAsync(context.Vm, Before(Name), cancellation);
        await step.RunAsync(context, cancellation);
        await PassAsync(context.Vm, After(Name), cancellation);
    }

    public async Task UndoAsync(Vm vm, CancellationToken cancellation)
    {
        await PassAsync(vm, Undo(Name), cancellation);
        await step.UndoAsync(vm, cancellation);
    }

    private async Task PassAsync(Vm vm, string point, CancellationToken cancellation)
    {
        await faults.PassAsync(point, cancellation);
        await faults.PassAsync(Of(vm.Spec.Name, point), cancellation);
    }
}
