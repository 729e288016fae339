namespace AutoProvision.Images;

/// <summary>Keeps all progress, and lets a test wait for some.</summary>
internal sealed class ProgressRecord : IProgress<ImageProgress>
{
    private readonly Lock _gate = new();
    private readonly List<ImageProgress> _all = [];
    private readonly List<(Func<ImageProgress, bool> Wanted, TaskCompletionSource Seen)> _waits = [];

    public IReadOnlyList<ImageProgress> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    public IEnumerable<string> Phases => All.Select(p => p.Phase).Distinct();

    public void Report(ImageProgress value)
    {
        lock (_gate)
        {
            _all.Add(value);
            foreach (var (_, seen) in _waits.Where(w => w.Wanted(value)))
                seen.TrySetResult();
        }
    }

    public Task Until(Func<ImageProgress, bool> wanted)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waits.Add((wanted, seen));
            if (_all.Any(wanted))
                seen.SetResult();
        }
        return seen.Task;
    }
}
