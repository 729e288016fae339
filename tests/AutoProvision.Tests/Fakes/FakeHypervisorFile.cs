using System.Text.Json;
using AutoProvision.Hypervisors;

namespace AutoProvision.Fakes;

/// <summary>Keeps a hypervisor's state on disk. A process killed at any moment leaves the state from before a change or from after it.</summary>
internal sealed class FakeHypervisorFile(string path)
{
    private readonly Lock _gate = new();
    private byte[] _saved = [];

    /// <summary>What was saved last; null when nothing was.</summary>
    public FakeHypervisorState? Load() => File.Exists(path) ? JsonSerializer.Deserialize<FakeHypervisorState>(File.ReadAllBytes(path)) : null;

    /// <summary>Saves the state as it is now, where it has changed.</summary>
    public void Save(Func<FakeHypervisorState> state)
    {
        lock (_gate)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(state());
            if (bytes.AsSpan().SequenceEqual(_saved))
                return;
            File.WriteAllBytes($"{path}.new", bytes);
            File.Move($"{path}.new", path, overwrite: true);
            _saved = bytes;
        }
    }
}

internal sealed record FakeHypervisorState(
    int LastAddress, List<FakeDomain> Domains, Dictionary<Guid, SeedFiles> Seeds, Dictionary<Guid, int> Disks,
    Dictionary<string, string> Leases, Dictionary<Guid, string> Consoles,
    Dictionary<Guid, List<int>> DataDisks, Dictionary<string, string> Reservations, List<FakeSnapshot> Snapshots);
