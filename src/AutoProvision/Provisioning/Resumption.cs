using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>
/// Prepares a job that was cut off for going on: the step it was in is undone, if need be, and will be done again; those before
/// it stay done. Where what they made is no longer there, everything is undone and the VM is made anew.
/// </summary>
public sealed class Resumption(IEnumerable<IStep> steps, Teardown teardown, Outages outages, VmStore store)
{
    public async Task PrepareAsync(Guid id, CancellationToken cancellation)
    {
        var vm = store.Find(id)!;
        if (vm.Begun.Count == 0)
            return;
        string? missing = null;
        await outages.RideOutAsync(id, async token => missing = await FindMissingAsync(vm, token), cancellation);
        if (missing is not null)
            store.Update(id, it => it with { Address = null, Degradation = null, Verified = null, FirstBoot = null },
                new VmEvent { Type = VmEventType.Progress, Step = missing, Message = "What this step made is no longer there: the VM is made anew." });
        await teardown.UndoAllAsync(id, missing is null ? Unfinished : All, cancellation);
    }

    private async Task<string?> FindMissingAsync(Vm vm, CancellationToken cancellation)
    {
        foreach (var step in steps.Where(step => vm.Done.Contains(step.Name)))
            if (!await step.StillStandsAsync(vm, cancellation))
                return step.Name;
        return null;
    }

    private static IEnumerable<string> All(Vm vm) => vm.Begun;

    // What stands on a step that is to be done again cannot stay: a domain goes with its disk.
    private IEnumerable<string> Unfinished(Vm vm)
    {
        var done = steps.TakeWhile(step => vm.Done.Contains(step.Name)).ToList();
        var next = steps.Skip(done.Count).Take(1).Where(step => step.TakesOver);
        return vm.Begun.Except(done.Concat(next).Select(step => step.Name));
    }
}
