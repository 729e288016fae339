using System.Threading.Channels;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>VMs that wait to be made, and VMs that wait to go. Places for the first are bounded and reserved at submission.</summary>
public sealed class JobQueue(IOptions<ProvisioningOptions> options)
{
    private readonly Channel<Guid> _creations = Channel.CreateUnbounded<Guid>();
    private readonly Channel<Guid> _deletions = Channel.CreateUnbounded<Guid>();
    private int _taken;

    public ChannelReader<Guid> Creations => _creations.Reader;

    public ChannelReader<Guid> Deletions => _deletions.Reader;

    /// <summary>Takes a place in the queue, so that whatever is checked next cannot end in "full".</summary>
    /// <exception cref="FailureException"><c>queue_full</c>.</exception>
    public void Reserve()
    {
        // Whoever is being worked on does not wait: workers count as places too.
        if (Interlocked.Increment(ref _taken) <= options.Value.QueueCapacity + options.Value.Concurrency)
            return;
        Release();
        throw new FailureException("queue_full", $"{options.Value.QueueCapacity} VMs are waiting already.",
            "Try again when some are ready; Provisioning:QueueCapacity sets the limit.");
    }

    /// <summary>Gives a place back: the request was refused, or its job is over.</summary>
    public void Release() => Interlocked.Decrement(ref _taken);

    /// <summary>Queues a VM whose place is reserved.</summary>
    public void Create(Guid id) => _creations.Writer.TryWrite(id);

    /// <summary>Queues a VM that an earlier run of the service left unfinished; it is not refused for want of a place.</summary>
    public void Resume(Guid id)
    {
        Interlocked.Increment(ref _taken);
        Create(id);
    }

    public void Delete(Guid id) => _deletions.Writer.TryWrite(id);
}
