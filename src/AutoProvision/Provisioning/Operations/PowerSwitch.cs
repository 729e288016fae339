using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Steps;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Operations;

/// <summary>Switches a guest off, and on again up to the moment when SSH lets us in.</summary>
public sealed class PowerSwitch(
    IDomainControl control, IHypervisor hypervisor, StepRunner runner, Outages outages, AddressStep address, SshStep ssh, SeenAddresses addresses, VmAccess access,
    SshConnectionPool connections, VmStore store, IOptions<ProvisioningOptions> options, TimeProvider time)
{
    /// <summary>How long a guest has to switch itself off, where nobody says otherwise.</summary>
    public static TimeSpan DefaultGrace { get; } = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    // A guest that is just booting misses the first time it is asked.
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(10);

    /// <summary>Starts the domain, unless it runs, lets one that somebody paused go on, and waits until its user can log in.</summary>
    public async Task SwitchOnAsync(Guid id, CancellationToken cancellation)
    {
        await AskAsync(id, token => control.StartAsync(id, token), cancellation);
        await AskAsync(id, token => control.ResumeAsync(id, token), cancellation);
        await ReachAsync(id, cancellation);
    }

    /// <summary>The same for what stays changed whether or not the guest lets its user in; the failure says why it does not.</summary>
    /// <returns>What the VM is then.</returns>
    public async Task<Func<Vm, Vm>> TrySwitchOnAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            await SwitchOnAsync(id, cancellation);
            return it => it.LettingIn();
        }
        // What could not be recorded, on a full disk, is tried again as a whole.
        catch (FailureException e) when (e.Code != VmFailures.JournalFull)
        {
            var isOn = await SeemsOnAsync(id, cancellation);
            return it => (isOn ? it.ShuttingOut(e.Failure) : it.Off()) with { OperationFailure = e.Failure };
        }
    }

    // False where nobody can tell: the reconciliation will.
    private async Task<bool> SeemsOnAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            return await hypervisor.FindPowerAsync(id, cancellation) == DomainPower.Running;
        }
        catch (FailureException)
        {
            return false;
        }
    }

    /// <summary>Waits until the user can log in to a guest that runs.</summary>
    public async Task ReachAsync(Guid id, CancellationToken cancellation)
    {
        await using var context = new StepContext(id, store);
        // Not watched: the console still shows how an earlier boot ended.
        await runner.RunAsync(address, context, isWatched: false, cancellation);
        await runner.RunAsync(ssh, context, isWatched: false, cancellation);
        connections.Adopt(id.ToString(), access.Target(context.Vm), context.TakeConnection());
        await addresses.NoteAsync(context, cancellation);
    }

    /// <summary>As <see cref="SwitchOffAsync"/>, for what is done to a VM that is off.</summary>
    /// <returns>Null when it is off; else what the VM is, with why: it stays as it was, whether or not it has heeded by now.</returns>
    public async Task<Func<Vm, Vm>?> TrySwitchOffAsync(Guid id, TimeSpan grace, CancellationToken cancellation)
    {
        try
        {
            await SwitchOffAsync(id, grace, cancellation);
            return null;
        }
        catch (FailureException e) when (e.Code is not (VmFailures.JournalFull or "domain_missing"))
        {
            // One that went off all the same is found by the reconciliation.
            return it => it with { OperationFailure = e.Failure };
        }
    }

    /// <summary>Asks the guest to switch itself off; when the grace is over it is switched off as if by its plug.</summary>
    public async Task SwitchOffAsync(Guid id, TimeSpan grace, CancellationToken cancellation)
    {
        await connections.ForgetAsync(id.ToString());
        if (grace > TimeSpan.Zero && await GoesOffAsync(id, grace, cancellation))
            return;
        await AskAsync(id, token => control.SwitchOffAsync(id, token), cancellation);
    }

    private async Task<bool> GoesOffAsync(Guid id, TimeSpan grace, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var asked = -AskInterval;
        while (time.GetElapsedTime(started) is var passed && passed < grace)
        {
            if (passed >= asked + AskInterval)
            {
                asked = passed;
                await AskToGoOffAsync(id, cancellation);
            }
            // One that is paused heeds nothing.
            if (await PowerAsync(id, cancellation) is not DomainPower.Running and var power)
                return power == DomainPower.Stopped;
            await Task.Delay(LookInterval, time, cancellation);
        }
        return await IsOffAsync(id, cancellation);
    }

    // A guest that cannot be asked, such as one whose agent hangs, is like one that does not heed.
    private async Task AskToGoOffAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            await AskAsync(id, token => control.AskToShutDownAsync(id, token), cancellation);
        }
        catch (FailureException e) when (e.Code is "hypervisor_refused" or "tool_timeout")
        {
            // It may yet be on its way, and is asked again.
        }
    }

    /// <exception cref="FailureException"><c>domain_missing</c>.</exception>
    public async Task<bool> IsOffAsync(Guid id, CancellationToken cancellation) => await PowerAsync(id, cancellation) == DomainPower.Stopped;

    private async Task<DomainPower> PowerAsync(Guid id, CancellationToken cancellation)
    {
        DomainPower? power = null;
        await AskAsync(id, async token => power = await hypervisor.FindPowerAsync(id, token), cancellation);
        return power ?? throw OperationFailures.DomainMissing(id);
    }

    // A hypervisor that is away for as long as making a domain may take is not waited for any longer.
    private async Task AskAsync(Guid id, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.Value.Timeouts.Domain, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await outages.RideOutAsync(id, work, linked.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw e.InnerException as FailureException ?? OperationFailures.Hangs(options.Value.Timeouts.Domain);
        }
    }
}
