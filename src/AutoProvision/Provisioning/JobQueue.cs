using System.Threading.Channels;

namespace AutoProvision.Provisioning;

/// <summary>VMs that wait to be made, to be worked on, and to go. How many there may be is the store's to say.</summary>
public sealed class JobQueue
{
    private readonly Channel<Guid> _creations = Channel.CreateUnbounded<Guid>();
    private readonly Channel<Guid> _deletions = Channel.CreateUnbounded<Guid>();

    private readonly Channel<Guid> _operations = Channel.CreateUnbounded<Guid>();

    public ChannelReader<Guid> Creations => _creations.Reader;

    public ChannelReader<Guid> Deletions => _deletions.Reader;

    public ChannelReader<Guid> Operations => _operations.Reader;

    public void Operate(Guid id) => _operations.Writer.TryWrite(id);

    public void Create(Guid id) => _creations.Writer.TryWrite(id);

    public void Delete(Guid id) => _deletions.Writer.TryWrite(id);
}
