using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>The one way in which a VM goes: the undos of the steps that were begun, last in, first out.</summary>
public sealed partial class Teardown(
    IEnumerable<IStep> steps, VmStore store, IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<Teardown> logger) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.Value.TeardownConcurrency);
    private readonly Dictionary<string, IStep> _steps = steps.ToDictionary(step => step.Name);

    /// <summary>Undoes every begun step, each within its own deadline. What cannot be undone is recorded on the VM and stays begun.</summary>
    /// <returns>Whether nothing is left.</returns>
    public Task<bool> UndoAsync(Guid id, CancellationToken cancellation) => UndoAsync(id, vm => vm.Begun, cancellation);

    private async Task<bool> UndoAsync(Guid id, Func<Vm, IEnumerable<string>> which, CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation);
        try
        {
            return await UndoEachAsync(id, which, cancellation);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<bool> UndoEachAsync(Guid id, Func<Vm, IEnumerable<string>> which, CancellationToken cancellation)
    {
        var left = new List<Failure>();
        foreach (var name in which(store.Find(id)!).Reverse().ToList())
        {
            if (await TryUndoAsync(id, name, cancellation) is { } failure)
                left.Add(failure with { Step = name });
        }
        // Tried again and again, the same failure is told once.
        if (!left.SequenceEqual(store.Find(id)!.Leftovers))
            store.Update(id, vm => vm with { Leftovers = left },
                new VmEvent { Type = VmEventType.Progress, Message = left.Count == 0 ? "Everything is undone." : "Not everything could be undone.", Failure = left.FirstOrDefault() });
        return left.Count == 0;
    }

    /// <summary>Undoes the steps that <paramref name="which"/> names, of those that were begun, until nothing of them is left.</summary>
    public async Task UndoAllAsync(Guid id, Func<Vm, IEnumerable<string>> which, CancellationToken cancellation)
    {
        while (!await UndoAsync(id, which, cancellation))
            await Task.Delay(options.Value.TeardownRetry, time, cancellation);
    }

    /// <summary>Undoes until nothing is left, then marks the VM deleted.</summary>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation)
    {
        await UndoAllAsync(id, vm => vm.Begun, cancellation);
        store.Update(id, vm => vm with { State = VmState.Deleted, Step = null, DeletedAt = time.GetUtcNow() }, new VmEvent { Type = VmEventType.State });
        LogDeleted(id);
    }

    public void Dispose() => _places.Dispose();

    private async Task<Failure?> TryUndoAsync(Guid id, string name, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(options.Value.Timeouts.Undo, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            // A step that this version no longer has left nothing this version knows of.
            if (_steps.TryGetValue(name, out var step))
                await step.UndoAsync(store.Find(id)!, linked.Token);
            store.Update(id, vm => vm with { Begun = [.. vm.Begun.Where(begun => begun != name)], Done = [.. vm.Done.Where(done => done != name)] },
                new VmEvent { Type = VmEventType.StepUndone, Step = name, DurationMs = (long)time.GetElapsedTime(started).TotalMilliseconds });
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogNotUndone(e, id, name);
            return (e as FailureException)?.Failure ?? new Failure("undo_failed", $"Step {name} could not be undone: {e.Message}", "DELETE tries again; the service's log has the details.");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "VM {Id} is deleted")]
    private partial void LogDeleted(Guid id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VM {Id}: step {Step} could not be undone")]
    private partial void LogNotUndone(Exception e, Guid id, string step);
}
