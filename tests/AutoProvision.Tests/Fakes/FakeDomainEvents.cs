using System.Threading.Channels;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Fakes;

/// <summary>Tells of domains what a test has it tell; says nothing, not even that it has begun, until then.</summary>
internal sealed class FakeDomainEvents : IDomainEvents
{
    private readonly Channel<Action<Action, Action<string>>> _said = Channel.CreateUnbounded<Action<Action, Action<string>>>();
    private int _watching;
    private int _tries;

    /// <summary>How many watch.</summary>
    public int Watching => Volatile.Read(ref _watching);

    /// <summary>How often somebody began to watch.</summary>
    public int Tries => Volatile.Read(ref _tries);

    public void Begin() => _said.Writer.TryWrite((begun, _) => begun());

    /// <summary>Something happens to the domain with this name.</summary>
    public void Tell(string name) => _said.Writer.TryWrite((_, happened) => happened(name));

    /// <summary>The watch ends, as it does when the hypervisor is restarted.</summary>
    public void Break() => _said.Writer.TryWrite((_, _) => throw new FailureException("hypervisor_unavailable", "libvirt does not answer at qemu:///fake.", "Start it."));

    public async Task WatchAsync(Action begun, Action<string> happened, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _watching);
        Interlocked.Increment(ref _tries);
        try
        {
            await foreach (var say in _said.Reader.ReadAllAsync(cancellation))
                say(begun, happened);
        }
        finally
        {
            Interlocked.Decrement(ref _watching);
        }
    }
}
