namespace AutoProvision.Images;

/// <summary>Keeps all progress, and lets a test wait for some.</summary>
internal sealed class ProgressRecord : IProgress<ImageProgress>
{
    private readonly Lock gate = new();
    private readonly List<ImageProgress> all = [];
    private readonly List<(Func<ImageProgress, bool> Wanted, TaskCompletionSource Seen)> waits = [];

    public IReadOnlyList<ImageProgress> All
    {
        get
        {
            lock (gate)
                return [.. all];
        }
    }

    public IEnumerable<string> Phases => All.Select(p => p.Phase).Distinct();

    public void Report(ImageProgress value)
    {
        lock (gate)
        {
            all.Add(value);
            foreach (var (_, seen) in waits.Where(w => w.Wanted(value)))
                seen.TrySetResult();
        }
    }

    public Task Until(Func<ImageProgress, bool> wanted)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waits.Add((wanted, seen));
            if (all.Any(wanted))
                seen.SetResult();
        }
        return seen.Task;
    }
}
