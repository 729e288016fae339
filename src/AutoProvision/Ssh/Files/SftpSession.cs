using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <param name="Type">Type of the packet.</param>
/// <param name="Body">What follows the request's number.</param>
internal sealed record SftpReply(SftpPacket Type, ReadOnlyMemory<byte> Body);

/// <summary>
/// Requests and their replies over a channel to an SFTP server; many may be under way. SSH.NET's own client logs in anew for each
/// session and is the user's; this one runs over the VM's connection, and whatever the channel's program may do.
/// </summary>
internal sealed class SftpSession : IAsyncDisposable
{
    private const int LargestPacket = 512 * 1024;
    private const int MostNoise = 1024 * 1024;
    private const int MostGathered = 32 * 1024;

    // A guest whose disk hangs for longer is as good as gone.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>For a request that waits until what was written is on the disk: gigabytes, and maybe slow storage.</summary>
    public static readonly TimeSpan FlushPatience = TimeSpan.FromMinutes(10);

    private readonly ISshChannel _channel;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<SftpReply>> _waiting = new();
    private readonly BlockingCollection<byte[]> _outgoing = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _threads;
    private volatile SftpEndedException? _ended;
    private uint _lastNumber;

    private SftpSession(ISshChannel channel, TimeProvider time)
    {
        (_channel, _time) = (channel, time);
        // The first reply's number is the server's version.
        _waiting[3] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _threads = Task.WhenAll(DedicatedThread.RunAsync(Read), DedicatedThread.RunAsync(Write));
    }

    /// <summary>The server's extensions.</summary>
    public IReadOnlySet<string> Extensions { get; private set; } = new HashSet<string>();

    /// <summary>Whether the server runs as root by sudo, so that another program may, too.</summary>
    public bool IsRoot { get; private set; }

    /// <summary>Cancelled once the server is gone; for whoever waits for somebody else in the meantime.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Why the server is gone, once it is.</summary>
    public SftpEndedException? EndedBy => _ended;

    /// <summary>Greets the server; the session owns the channel from here on, whatever happens.</summary>
    /// <exception cref="SftpEndedException">There is no SFTP server.</exception>
    public static async Task<SftpSession> OpenAsync(ISshChannel channel, TimeProvider time, CancellationToken cancellation)
    {
        var session = new SftpSession(channel, time);
        try
        {
            var hello = session._waiting[3].Task;
            session._outgoing.Add(new SftpWriter(SftpPacket.Init, 3).ToPacket(), cancellation);
            session.Extensions = ReadExtensions(await session.WaitAsync(hello, Patience, cancellation));
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request at once and waits for its reply.</summary>
    /// <exception cref="SftpEndedException"/>
    public Task<SftpReply> SendAsync(SftpPacket type, Func<SftpWriter, SftpWriter> fields, TimeSpan? patience, CancellationToken cancellation)
    {
        var number = Interlocked.Increment(ref _lastNumber) + 1000;
        var reply = new TaskCompletionSource<SftpReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[number] = reply;
        // In this order: whoever ends the session says so first and then looks for those who wait.
        if (_ended is { } ended || !TrySend(fields(new SftpWriter(type, number)).ToPacket()))
            reply.TrySetException(_ended ?? new SftpEndedException("The SFTP session was closed."));
        return WaitAsync(reply.Task, patience ?? Patience, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _outgoing.CompleteAdding();
        await _channel.DisposeAsync();
        await _threads.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool TrySend(byte[] packet)
    {
        try
        {
            return _outgoing.TryAdd(packet);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private async Task<SftpReply> WaitAsync(Task<SftpReply> reply, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            return await reply.WaitAsync(patience, _time, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new SftpEndedException($"The guest's SFTP server did not answer for {patience.TotalSeconds:0} s.", e);
        }
    }

    private void Write()
    {
        try
        {
            var gathered = new MemoryStream();
            foreach (var first in _outgoing.GetConsumingEnumerable())
            {
                // What is asked at once goes as one: a packet of SSH for each small request takes an emulated guest longer than the request.
                gathered.Write(first);
                while (gathered.Length < MostGathered && _outgoing.TryTake(out var next))
                    gathered.Write(next);
                _channel.Input.Write(gathered.GetBuffer(), 0, (int)gathered.Length);
                _channel.Input.Flush();
                gathered.SetLength(0);
            }
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    private void Read()
    {
        try
        {
            var header = new byte[9];
            for (var read = SkipNoise(); ; read = 0)
            {
                _channel.Output.ReadExactly(header, read, header.Length - read);
                var length = BinaryPrimitives.ReadUInt32BigEndian(header);
                if (length is < 5 or > LargestPacket)
                    throw NoServer();
                var body = new byte[length - 5];
                _channel.Output.ReadExactly(body);
                if (_waiting.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(5)), out var waiter))
                    waiter.TrySetResult(new SftpReply((SftpPacket)header[4], body));
            }
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    // Start-up files of a shell may print before the server begins, which is told by a line of its own. sshd may also run a server in place
    // of the command (ForceCommand internal-sftp): then a packet comes first, whose first byte is 0 and in no text.
    private int SkipNoise()
    {
        var line = new StringBuilder();
        for (var count = 0; count < MostNoise; count++)
        {
            var next = _channel.Output.ReadByte();
            if (next < 0)
                throw new EndOfStreamException();
            if (next == 0)
                return count == 0 ? 1 : throw NoServer();
            if (next != '\n')
            {
                line.Append((char)next);
                continue;
            }
            // A file may end without a line break.
            var said = line.ToString();
            if (said.EndsWith(SftpCommand.Begins, StringComparison.Ordinal))
                return 0;
            IsRoot |= said.EndsWith(GuestScript.Root, StringComparison.Ordinal);
            line.Clear();
        }
        throw NoServer();
    }

    private static SftpEndedException NoServer() => new("What answers is no SFTP server.");

    private void End(Exception e)
    {
        var error = e is EndOfStreamException ? _channel.ReadError() : "";
        _ended ??= e as SftpEndedException ?? new SftpEndedException(error.Length > 0 ? error : "The SFTP server's channel was closed.", e);
        foreach (var waiter in _waiting.Values)
            waiter.TrySetException(_ended);
        _ending.Cancel();
    }

    private static HashSet<string> ReadExtensions(SftpReply hello)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new SftpReader(hello.Body.Span);
        while (!reader.IsAtEnd)
        {
            names.Add(reader.Text());
            reader.Bytes();
        }
        return names;
    }
}
