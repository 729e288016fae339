using System.Threading.Channels;

namespace AutoProvision.Provisioning;

/// <summary>VMs that wait to be made, and VMs that wait to go. How many there may be is the store's to say.</summary>
public sealed class JobQueue
{
    private readonly Channel<Guid> _creations = Channel.CreateUnbounded<Guid>();
    private readonly Channel<Guid> _deletions = Channel.CreateUnbounded<Guid>();

    public ChannelReader<Guid> Creations => _creations.Reader;

    public ChannelReader<Guid> Deletions => _deletions.Reader;

    public void Create(Guid id) => _creations.Writer.TryWrite(id);

    public void Delete(Guid id) => _deletions.Writer.TryWrite(id);
}
