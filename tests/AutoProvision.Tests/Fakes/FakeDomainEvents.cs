using System.Threading.Channels;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>Tells of domains what a test has it tell; says nothing, not even that it has begun, until then.</summary>
internal sealed class FakeDomainEvents : IDomainEvents
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Channel<(Action<Action, Action<string>> Say, TaskCompletionSource Said)> _sayings = Channel.CreateUnbounded<(Action<Action, Action<string>>, TaskCompletionSource)>();
    private int _watching;

    /// <summary>How many watch.</summary>
    public int Watching => Volatile.Read(ref _watching);

    /// <summary>The watch has begun.</summary>
    public Task BeginAsync() => SayAsync((begun, _) => begun());

    /// <summary>Something happens to the domain with this name.</summary>
    public Task TellAsync(string name) => SayAsync((_, happened) => happened(name));

    /// <summary>The watch ends, as it does when the hypervisor is restarted, right after something else.</summary>
    public Task BreakAsync(Action? after = null) => SayAsync((_, _) =>
    {
        after?.Invoke();
        throw new FailureException("hypervisor_unavailable", "libvirt does not answer at qemu:///fake.", "Start it.");
    });

    public async Task WatchAsync(Action begun, Action<string> happened, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _watching);
        try
        {
            await foreach (var (say, said) in _sayings.Reader.ReadAllAsync(cancellation))
                try
                {
                    say(begun, happened);
                }
                finally
                {
                    said.SetResult();
                }
        }
        finally
        {
            Interlocked.Decrement(ref _watching);
        }
    }

    // Ends when it was said to whoever watches, or will watch next.
    private Task SayAsync(Action<Action, Action<string>> say)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sayings.Writer.TryWrite((say, said));
        return said.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
    }
}
