using System.Collections.Concurrent;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>What was seen in all rounds: faults, statuses, and the slowest answer.</summary>
internal sealed class FuzzReport(int seed)
{
    private const int MostShown = 20;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);
    private readonly ConcurrentQueue<(string What, string Details)> _faults = new();
    private readonly ConcurrentDictionary<string, int> _seen = new();
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private readonly Lock _gate = new();
    private int _slow;
    private (TimeSpan Took, string Request) _slowest;

    /// <summary>Operations that a request has reached.</summary>
    public ICollection<string> Seen => _seen.Keys;

    public int Count => _seen.Values.Sum();

    public void Add(FuzzRequest request, FuzzAnswer answer, string? fault)
    {
        _seen.AddOrUpdate(request.Operation.Name, 1, (_, count) => count + 1);
        _statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
        if (fault is not null)
            AddFault(fault, $"{request}\n    answer: {answer}");
        lock (_gate)
        {
            _slow += answer.Took > Slow ? 1 : 0;
            if (answer.Took > _slowest.Took)
                _slowest = (answer.Took, $"{request.Operation.Name} with number {request.Index}");
        }
    }

    public void AddFault(string what, string details) => _faults.Enqueue((what, details));

    public void Print()
    {
        Figure.Print("fuzz: requests", $"{Count} to {Seen.Count} operations, {string.Join(", ", _statuses.OrderBy(it => it.Key).Select(it => $"{(it.Key == 0 ? "none" : it.Key)} x {it.Value}"))}");
        Figure.Print("fuzz: faults", $"{_faults.Count}");
        Figure.Print("fuzz: answers over 2 s", $"{_slow}");
        Figure.Print("fuzz: slowest answer", $"{_slowest.Took.TotalMilliseconds:0} ms, {_slowest.Request}");
    }

    /// <summary>Fails with a few of the faults of each kind.</summary>
    public void AssertNone()
    {
        // One of each kind before a second of any.
        var shown = _faults.GroupBy(fault => fault.What).SelectMany(kind => kind.Select((fault, rank) => (rank, fault))).OrderBy(it => it.rank).Take(MostShown);
        Assert.True(_faults.IsEmpty,
            $"{_faults.Count} faults; AUTOPROVISION_FAULT_SEED={seed} repeats them all, with AUTOPROVISION_FUZZ_ONLY=N request #N alone.\n"
            + string.Join('\n', _faults.CountBy(fault => fault.What).Select(kind => $"{kind.Value} x {kind.Key}")) + "\n\n"
            + string.Join('\n', shown.Select(it => $"{it.fault.What}:\n    {it.fault.Details}")));
    }
}
