using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;

namespace AutoProvision.Hypervisors;

/// <summary>The domains of a <see cref="FakeLibvirt"/>, in the words and with the refusals of virsh 9.0.</summary>
internal sealed class FakeDomains
{
    private readonly ConcurrentDictionary<Guid, FakeLibvirtDomain> _domains = new();

    public IEnumerable<Guid> Ids => _domains.Keys;

    public FakeLibvirtDomain this[Guid id]
    {
        get => _domains[id];
        set => _domains[id] = value;
    }

    public void Remove(Guid id) => _domains.TryRemove(id, out _);

    /// <summary>What <c>virsh "echo MARK; ..."</c> prints first.</summary>
    public static string Mark(ProcessCommand command) => command.Arguments[3] is var text && text.StartsWith("echo ", StringComparison.Ordinal) ? text[5..text.IndexOf(';', StringComparison.Ordinal)] : "";

    public string List() => string.Concat(_domains.Select(domain => $"{domain.Key} {(domain.Value.State == FakeLibvirtDomain.Off ? "-" : "5")} {domain.Value.Name,-30}\n"));

    public Task<ProcessResult> Stats(ProcessCommand command) => command.Arguments.Count > 4
        ? Of(command, domain => FakeLibvirt.Answer(Stats(domain)))
        : FakeLibvirt.Answer(Mark(command) + string.Join('\n', _domains.Values.Select(Stats)));

    public Task<ProcessResult> Xml(ProcessCommand command) => Of(command, domain => FakeLibvirt.Answer(domain.Xml(IdOf(command))));

    public Task<ProcessResult> Destroy(ProcessCommand command) => Of(command, domain =>
    {
        if (domain.State == FakeLibvirtDomain.Off)
            return FakeLibvirt.Refused("Requested operation is not valid: domain is not running");
        if (domain.IsPersistent)
            _domains[IdOf(command)] = domain with { State = FakeLibvirtDomain.Off };
        else
            Remove(IdOf(command));
        return FakeLibvirt.Answer("");
    });

    /// <summary>virt-install: refuses a name or an id that is taken.</summary>
    public Task<ProcessResult> Install(ProcessCommand command)
    {
        var (id, name) = (Guid.Parse(FakeLibvirt.After(command, "--uuid")), FakeLibvirt.After(command, "--name"));
        var disk = command.Arguments.Single(argument => argument.StartsWith("./devices/disk[1]/source/@file=", StringComparison.Ordinal)).Split('=')[1];
        if (_domains.Values.Any(domain => domain.Name == name) || !_domains.TryAdd(id, FakeLibvirtDomain.Ours(id, name, disk)))
            return FakeLibvirt.Refused($"Guest name '{name}' is already in use.");
        return FakeLibvirt.Answer("");
    }

    /// <summary>virsh define /dev/stdin</summary>
    public Task<ProcessResult> Define(ProcessCommand command)
    {
        var id = DomainXml.Parse(command.Input!).Id;
        _domains[id] = _domains[id] with { IsPersistent = true };
        return FakeLibvirt.Answer("");
    }

    public Task<ProcessResult> Undefine(ProcessCommand command) => Of(command, domain =>
    {
        if (domain.State == FakeLibvirtDomain.Off)
            Remove(IdOf(command));
        return FakeLibvirt.Answer("");
    });

    public Task<ProcessResult> Resume(ProcessCommand command) => Of(command, domain =>
    {
        if (domain.State != FakeLibvirtDomain.Paused)
            return FakeLibvirt.Refused($"Requested operation is not valid: domain is {(domain.State == FakeLibvirtDomain.Off ? "not" : "already")} running");
        _domains[IdOf(command)] = domain with { State = FakeLibvirtDomain.Running };
        return FakeLibvirt.Answer("");
    });

    public Task<ProcessResult> Start(ProcessCommand command) => Of(command, domain => domain.State == FakeLibvirtDomain.Off
        ? Become(command, domain with { State = FakeLibvirtDomain.Running })
        : FakeLibvirt.Refused("Domain is already active"));

    /// <summary>A guest that heeds it at once.</summary>
    public Task<ProcessResult> ShutDown(ProcessCommand command) => Running(command, domain => Become(command, domain with { State = FakeLibvirtDomain.Off }));

    public Task<ProcessResult> Suspend(ProcessCommand command) => Running(command, domain => Become(command, domain with { State = FakeLibvirtDomain.Paused }));

    /// <summary>setvcpus, setmaxmem, setmem: what a guest has is never more than its most.</summary>
    public Task<ProcessResult> Resize(ProcessCommand command) => Of(command, domain =>
    {
        var to = int.Parse(FakeLibvirt.After(command, command.Arguments[3] == "setvcpus" ? "--count" : "--size").Replace("MiB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return (command.Arguments[3], command.Arguments.Contains("--maximum")) switch
        {
            ("setvcpus", true) => Become(command, domain with { MaxCpus = to, Cpus = Math.Min(domain.Cpus, to) }),
            ("setmaxmem", _) => Become(command, domain with { MaxMemoryMiB = to, MemoryMiB = Math.Min(domain.MemoryMiB, to) }),
            ("setvcpus", _) when to <= domain.MaxCpus => Become(command, domain with { Cpus = to }),
            ("setmem", _) when to <= domain.MaxMemoryMiB => Become(command, domain with { MemoryMiB = to }),
            _ => FakeLibvirt.Refused("invalid argument: it is more than the most that the domain can have"),
        };
    });

    public Task<ProcessResult> Snapshot(ProcessCommand command) => Of(command, domain => domain.Snapshots.ContainsKey(FakeLibvirt.After(command, "--name"))
        ? FakeLibvirt.Refused($"operation failed: domain moment {FakeLibvirt.After(command, "--name")} already exists")
        : Become(command, domain with { Snapshots = domain.Snapshots.Add(FakeLibvirt.After(command, "--name"), domain) }));

    public Task<ProcessResult> Revert(ProcessCommand command) => Of(command, domain =>
        domain.Snapshots.TryGetValue(FakeLibvirt.After(command, "--snapshotname"), out var kept) ? Become(command, kept with { Snapshots = domain.Snapshots }) : NoSnapshot(command));

    public Task<ProcessResult> Forget(ProcessCommand command) => Of(command, domain =>
        domain.Snapshots.Remove(FakeLibvirt.After(command, "--snapshotname")) is var rest && rest.Count < domain.Snapshots.Count
            ? Become(command, domain with { Snapshots = rest })
            : NoSnapshot(command));

    private static Task<ProcessResult> NoSnapshot(ProcessCommand command) =>
        FakeLibvirt.Refused($"Domain snapshot not found: no domain snapshot with matching name '{FakeLibvirt.After(command, "--snapshotname")}'");

    private Task<ProcessResult> Become(ProcessCommand command, FakeLibvirtDomain domain)
    {
        _domains[IdOf(command)] = domain;
        return FakeLibvirt.Answer("");
    }

    private Task<ProcessResult> Running(ProcessCommand command, Func<FakeLibvirtDomain, Task<ProcessResult>> act) => Of(command, domain =>
        domain.State == FakeLibvirtDomain.Off ? FakeLibvirt.Refused("Requested operation is not valid: domain is not running") : act(domain));

    private static string Stats(FakeLibvirtDomain domain) => $"Domain: '{domain.Name}'\n  state.state={domain.State}\n  state.reason={domain.Reason}\n";

    private static Guid IdOf(ProcessCommand command) => command.Arguments.Select(argument => Guid.TryParse(argument, out var id) ? id : Guid.Empty).Last(id => id != Guid.Empty);

    private Task<ProcessResult> Of(ProcessCommand command, Func<FakeLibvirtDomain, Task<ProcessResult>> act) =>
        _domains.TryGetValue(IdOf(command), out var domain) ? act(domain) : FakeLibvirt.Refused($"failed to get domain '{IdOf(command)}'");
}

/// <param name="Name">The domain's name.</param>
/// <param name="State">libvirt's virDomainState.</param>
/// <param name="Reason">libvirt's reason for it.</param>
internal sealed record FakeLibvirtDomain(string Name, int State = FakeLibvirtDomain.Running, int Reason = 1)
{
    public const int Running = 1;
    public const int Paused = 3;
    public const int Off = 5;
    public const int IoError = 5;

    public string? Description { get; init; }

    /// <summary>The file of its disk.</summary>
    public string? Disk { get; init; }

    public bool IsPersistent { get; init; } = true;

    public int Cpus { get; init; } = 2;

    public int MaxCpus { get; init; } = 2;

    public int MemoryMiB { get; init; } = 1024;

    public int MaxMemoryMiB { get; init; } = 1024;

    /// <summary>By their names; what a domain was when it was made.</summary>
    public ImmutableDictionary<string, FakeLibvirtDomain> Snapshots { get; init; } = ImmutableDictionary<string, FakeLibvirtDomain>.Empty;

    /// <summary>As this service marks its own.</summary>
    public static FakeLibvirtDomain Ours(Guid id, string name, string disk) => new(name) { Description = DomainXml.MarkOf(id), Disk = disk };

    public string Xml(Guid id) => $"""
        <domain type='qemu' id='5'>
          <name>{Name}</name>
          <uuid>{id}</uuid>
          <title>{Name}</title>
          <description>{Description}</description>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='{Disk}' index='1'/>
              <backingStore type='file' index='2'><format type='qcow2'/><source file='/pool/base.qcow2'/></backingStore>
              <target dev='vda' bus='virtio'/>
            </disk>
            <interface type='network'><mac address='52:54:00:00:00:AA'/><source network='default'/></interface>
          </devices>
        </domain>
        """;
}
