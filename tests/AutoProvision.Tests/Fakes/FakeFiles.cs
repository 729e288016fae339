using AutoProvision.Ssh.Files;

namespace AutoProvision.Fakes;

/// <summary>A guest's file system in memory, enough of one for an SFTP server to serve.</summary>
internal sealed class FakeFiles
{
    private static readonly (uint, uint) Root = (0, 0);

    public FakeFiles()
    {
        foreach (var (path, owner, mode) in ((string, (uint, uint), uint)[])[("/", Root, 0x41ED), ("/etc", Root, 0x41ED), ("/tmp", Root, 0x43FF), ("/home", Root, 0x41ED), ("/home/tester", (1000, 1000), 0x41ED)])
            Nodes[path] = new FakeNode { Mode = mode, Owner = owner };
        Add("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntester:x:1000:1000::/home/tester:/bin/bash\n");
        Add("/etc/group", "root:x:0:\nstaff:x:50:\ntester:x:1000:\n");
    }

    /// <summary>By their paths; whoever touches it holds its lock.</summary>
    public Dictionary<string, FakeNode> Nodes { get; } = new(StringComparer.Ordinal);

    /// <summary>Nothing more can be written.</summary>
    public bool IsFull { get; set; }

    /// <summary>Every change is refused, as to a user without sudo.</summary>
    public bool IsForbidden { get; set; }

    /// <summary>New files forget what is written to them.</summary>
    public bool Forgets { get; set; }

    /// <summary>Still in their directory's list, and gone when they are asked for.</summary>
    public HashSet<string> Vanished { get; } = [];

    /// <summary>Called before a request is answered, with its name and its path or handle: may hold it, or refuse it (<see cref="SftpException"/>).</summary>
    public Func<string, string, Task>? Before { get; set; }

    /// <summary>A name that is in the list of every directory, whatever it holds.</summary>
    public string? Listed { get; set; }

    /// <summary>What a program other than the SFTP server writes, by its command; null and it says nothing, as one that is missing.</summary>
    public Func<string, byte[]>? ProgramOutput { get; set; }

    /// <summary>How many bytes were ever written.</summary>
    public long Written { get; set; }

    /// <summary>How many bytes were read, of all files.</summary>
    public long BytesRead { get; set; }

    public FakeNode Add(string path, string content) => Nodes[path] = new FakeNode { Content = [.. System.Text.Encoding.UTF8.GetBytes(content)], Mode = 0x81A4, Owner = Root };

    /// <summary>Where the path leads once symbolic links at its end are followed.</summary>
    public string Follow(string path) => Nodes.GetValueOrDefault(path)?.Target is { } target
        ? Follow(target.StartsWith('/') ? target : FilePath.In(FilePath.Parent(path), target)) : path;

    public IEnumerable<KeyValuePair<string, FakeNode>> In(string directory) => Nodes.Where(node => node.Key != "/" && FilePath.Parent(node.Key) == directory);
}

internal sealed class FakeNode
{
    public List<byte> Content { get; init; } = [];

    /// <summary>A file of zeros that nobody holds.</summary>
    public long? Zeros { get; init; }

    /// <summary>The length that it has for whoever asks, where it holds less: cut off meanwhile, or one of /sys.</summary>
    public long? Claims { get; init; }

    /// <summary>What is written is counted and forgotten.</summary>
    public bool IsSink { get; init; }

    public string? Target { get; init; }

    public uint Mode { get; set; }

    public (uint User, uint Group) Owner { get; set; }

    public uint ModifiedAt { get; set; } = 1_700_000_000;

    public SftpAttributes Attributes => new(Claims ?? Zeros ?? Content.Count, Owner, Mode, ModifiedAt);

    public ReadOnlySpan<byte> Read(long offset, int count) => Zeros is { } zeros
        ? new byte[Math.Clamp(zeros - offset, 0, count)]
        : System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Content)[(int)Math.Min(offset, Content.Count)..(int)Math.Min(offset + count, Content.Count)];

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (IsSink)
            return;
        while (Content.Count < offset + data.Length)
            Content.Add(0);
        data.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Content)[(int)offset..]);
    }

    public void Set(SftpAttributes change)
    {
        Owner = change.Owner ?? Owner;
        Mode = change.Mode is { } mode ? (Mode & 0xF000) | (mode & 0xFFF) : Mode;
        ModifiedAt = change.ModifiedAt ?? ModifiedAt;
    }
}
