namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// One look-up for many askers: whoever asks while one is under way, or within <paramref name="freshFor"/> of its start,
/// gets its answer. So twenty waiting VMs cost as many processes as one.
/// </summary>
public sealed class SharedLookup<T>(Func<Task<T>> look, TimeSpan freshFor, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task<T>? _current;
    private long _startedAt;

    public Task<T> GetAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_current is null || (_current.IsCompleted && time.GetElapsedTime(_startedAt) >= freshFor))
            {
                _startedAt = time.GetTimestamp();
                _current = look();
            }
            return _current.WaitAsync(cancellation);
        }
    }
}
