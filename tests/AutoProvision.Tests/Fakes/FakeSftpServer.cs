using AutoProvision.Ssh.Files;

namespace AutoProvision.Fakes;

/// <summary>Answers SFTP's packets as OpenSSH's server does.</summary>
internal sealed class FakeSftpServer(FakeFiles files)
{
    private readonly Dictionary<string, FakeNode> _files = [];
    private readonly Dictionary<string, Queue<SftpEntry>> _directories = [];
    private int _lastHandle;

    public async Task<byte[]> AnswerAsync(byte[] packet)
    {
        try
        {
            var (request, subject) = Describe(packet);
            await (files.Before?.Invoke(request, subject) ?? Task.CompletedTask);
        }
        catch (SftpException e)
        {
            return Status(new SftpReader(packet.AsSpan(1)).UInt32(), e.Status).ToPacket();
        }
        return Answer(packet);
    }

    private static (string Request, string Subject) Describe(byte[] packet)
    {
        var type = (SftpPacket)packet[0];
        if (type == SftpPacket.Init)
            return ($"{type}", "");
        var fields = new SftpReader(packet.AsSpan(5));
        return type == SftpPacket.Extended ? (fields.Text(), fields.Text()) : ($"{type}", fields.Text());
    }

    private byte[] Answer(byte[] packet)
    {
        var fields = new SftpReader(packet.AsSpan(1));
        var number = fields.UInt32();
        lock (files.Nodes)
        {
            try
            {
                return Answer((SftpPacket)packet[0], number, ref fields).ToPacket();
            }
            catch (SftpException e)
            {
                return Status(number, e.Status).ToPacket();
            }
        }
    }

    private SftpWriter Answer(SftpPacket type, uint number, ref SftpReader fields)
    {
        switch (type)
        {
            case SftpPacket.Init:
                return new[] { "posix-rename@openssh.com", "statvfs@openssh.com", "fsync@openssh.com", "lsetstat@openssh.com" }
                    .Aggregate(new SftpWriter(SftpPacket.Version, 3), (hello, name) => hello.Text(name).Text("1"));
            case SftpPacket.Stat:
                return Attributes(number, Node(files.Follow(fields.Text())));
            case SftpPacket.LinkStat:
                return Attributes(number, Node(fields.Text()));
            case SftpPacket.HandleStat:
                return Attributes(number, _files[fields.Text()]);
            case SftpPacket.Open:
                return Open(number, fields.Text(), (SftpOpen)fields.UInt32());
            case SftpPacket.OpenDirectory:
                return OpenDirectory(number, fields.Text());
            case SftpPacket.ReadDirectory:
                return List(number, _directories[fields.Text()]);
            case SftpPacket.Read:
                var data = _files[fields.Text()].Read((long)fields.UInt64(), (int)fields.UInt32());
                files.BytesRead += data.Length;
                return data.IsEmpty ? Status(number, SftpStatus.EndOfFile) : new SftpWriter(SftpPacket.Data, number).Bytes(data);
            case SftpPacket.RealPath:
                return Name(number, files.Follow(fields.Text()));
            case SftpPacket.ReadLink:
                return Name(number, Node(fields.Text()).Target!);
            default:
                Change(type, ref fields);
                return Status(number, SftpStatus.Ok);
            case SftpPacket.Extended:
                var name = fields.Text();
                if (name == "statvfs@openssh.com")
                    return Room(number);
                Extend(name, ref fields);
                return Status(number, SftpStatus.Ok);
        }
    }

    private void Change(SftpPacket type, ref SftpReader fields)
    {
        if (type == SftpPacket.Close)
            return;
        if (files.IsForbidden)
            throw new SftpException(SftpStatus.PermissionDenied, "Permission denied");
        var subject = fields.Text();
        switch (type)
        {
            case SftpPacket.Write:
                Write(_files[subject], (long)fields.UInt64(), fields.Bytes());
                break;
            case SftpPacket.SetStat:
                Node(files.Follow(subject)).Set(fields.Attributes());
                break;
            case SftpPacket.SetHandleStat:
                _files[subject].Set(fields.Attributes());
                break;
            case SftpPacket.MakeDirectory:
                Node(FilePath.Parent(subject));
                Add(subject, new FakeNode { Mode = 0x41ED });
                break;
            case SftpPacket.Symlink:
                Add(fields.Text(), new FakeNode { Mode = 0xA1FF, Target = subject });
                break;
            default:
                Remove(subject);
                break;
        }
    }

    private void Add(string path, FakeNode node)
    {
        if (!files.Nodes.TryAdd(path, node))
            throw new SftpException(SftpStatus.Failure, "File exists");
    }

    private void Remove(string path)
    {
        Node(path);
        if (files.In(path).Any())
            throw new SftpException(SftpStatus.Failure, "Directory not empty");
        files.Nodes.Remove(path);
    }

    private void Write(FakeNode node, long offset, ReadOnlySpan<byte> data)
    {
        if (files.IsFull)
            throw new SftpException(SftpStatus.Failure, "Failure");
        files.Written += data.Length;
        node.Write(offset, data);
    }

    private void Extend(string name, ref SftpReader fields)
    {
        if (name != "posix-rename@openssh.com")
            return;
        var (from, to) = (fields.Text(), fields.Text());
        var node = Node(from);
        files.Nodes.Remove(from);
        files.Nodes[to] = node;
    }

    private SftpWriter Open(uint number, string path, SftpOpen flags)
    {
        if (flags.HasFlag(SftpOpen.Create))
        {
            if (files.IsForbidden)
                throw new SftpException(SftpStatus.PermissionDenied, "Permission denied");
            Node(FilePath.Parent(path));
            Add(path, new FakeNode { Mode = 0x8180, IsSink = files.Forgets });
        }
        _files[$"{++_lastHandle}"] = Node(files.Follow(path));
        return new SftpWriter(SftpPacket.Handle, number).Text($"{_lastHandle}");
    }

    private SftpWriter OpenDirectory(uint number, string path)
    {
        Node(path);
        _directories[$"{++_lastHandle}"] = new(files.In(path).Select(node => new SftpEntry(FilePath.Name(node.Key), node.Value.Attributes)));
        if (files.Listed is { } name)
            _directories[$"{_lastHandle}"].Enqueue(new SftpEntry(name, new SftpAttributes(Size: 0, Owner: (0, 0), Mode: 0x81A4)));
        return new SftpWriter(SftpPacket.Handle, number).Text($"{_lastHandle}");
    }

    private static SftpWriter List(uint number, Queue<SftpEntry> left)
    {
        if (left.Count == 0)
            return Status(number, SftpStatus.EndOfFile);
        var names = new SftpWriter(SftpPacket.Name, number).UInt32((uint)left.Count);
        while (left.TryDequeue(out var entry))
            names.Text(entry.Name).Text("").Attributes(entry.Attributes);
        return names;
    }

    private SftpWriter Room(uint number)
    {
        ulong free = files.IsFull ? 0u : 1_000_000u;
        ulong[] values = [4096, 4096, 2_000_000, free, free, 1000, 900, 900, 1, 0, 255];
        return values.Aggregate(new SftpWriter(SftpPacket.ExtendedReply, number), (reply, value) => reply.UInt64(value));
    }

    private FakeNode Node(string path) => !files.Vanished.Contains(path) && files.Nodes.TryGetValue(path, out var node) ? node : throw new SftpException(SftpStatus.NoSuchFile, "No such file");

    private static SftpWriter Name(uint number, string name) => new SftpWriter(SftpPacket.Name, number).UInt32(1).Text(name).Text("").Attributes(new SftpAttributes());

    private static SftpWriter Attributes(uint number, FakeNode node) => new SftpWriter(SftpPacket.Attributes, number).Attributes(node.Attributes);

    private static SftpWriter Status(uint number, SftpStatus status) => new SftpWriter(SftpPacket.Status, number).UInt32((uint)status).Text($"{status}").Text("");
}
