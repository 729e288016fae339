using System.Diagnostics;
using System.Runtime.InteropServices;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Processes;
using AutoProvision.Ssh;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AutoProvision.FakeService;

/// <summary>
/// Runs the service's own Program with real HTTP, clock and journal, and with fakes where the host begins. The arguments are the
/// service's; <see cref="FaultPlan"/> has the environment. With <c>--document FILE</c> it only writes the OpenAPI document.
/// </summary>
internal static class FakeProgram
{
    /// <summary>The line that tells of a collection of all garbage, which SIGUSR1 asks for.</summary>
    public const string Collected = "garbage collected";

    // Linux has the same number on x86 and ARM: signal(7).
    private const PosixSignal Sigusr1 = (PosixSignal)10;

    public static int Main(string[] arguments)
    {
        if (arguments is ["--document", var file])
            return DocumentFile.WriteAsync(file).GetAwaiter().GetResult();
        var plan = FaultPlan.FromEnvironment();
        using var collecting = PosixSignalRegistration.Create(Sigusr1, Collect);
        using var watching = DiagnosticListener.AllListeners.Subscribe(new HostWatcher(services => UseFakes(services, plan)));
        return (int)typeof(Program).Assembly.EntryPoint!.Invoke(null, [arguments])!;
    }

    private static void Collect(PosixSignalContext signal)
    {
        signal.Cancel = true;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Console.WriteLine(Collected);
    }

    private static void UseFakes(IServiceCollection services, FaultPlan plan)
    {
        var hypervisor = new FakeHypervisor(plan.HypervisorFile);
        services.Replace(ServiceDescriptor.Singleton<IHypervisor>(hypervisor));
        services.Replace(ServiceDescriptor.Singleton<INetworks>(hypervisor));
        services.Replace(ServiceDescriptor.Singleton<IDomainControl>(hypervisor));
        services.Replace(ServiceDescriptor.Singleton<IDomainEvents>(hypervisor.Events));
        services.Replace(ServiceDescriptor.Singleton<ISshConnector>(new FakeGuests(hypervisor) { Remembers = false }));
        services.Replace(ServiceDescriptor.Singleton<IProcessRunner>(new FakeHostTools()));
        if (plan.ClockFile is { } clock)
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new FileClock(clock)));
        FaultyStep.WrapAll(services, plan.Points);
    }
}
