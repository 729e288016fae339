using System.Collections.Concurrent;
using AutoProvision.Processes;

namespace AutoProvision.Hypervisors;

/// <summary>virsh and the image tools on a host in memory: networks with leases, guests with agents, and files that really are made.</summary>
internal sealed class FakeLibvirt : IProcessRunner
{
    // The volume descriptor of what xorriso 1.5.4 makes.
    private static readonly byte[] Iso = [.. new byte[32768], 1, .. "CD001"u8, 1, 0, .. "".PadRight(32).Select(c => (byte)c), .. "cidata".PadRight(32).Select(c => (byte)c), 0];
    private readonly ConcurrentDictionary<string, Func<ProcessCommand, CancellationToken, Task<ProcessResult>>> _tools;

    public FakeLibvirt() => _tools = new ConcurrentDictionary<string, Func<ProcessCommand, CancellationToken, Task<ProcessResult>>>
    {
        ["version"] = (_, _) => Answer("Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.22\n"),
        ["net-list"] = (command, _) => Answer(FakeDomains.Mark(command) + Networks.List()),
        ["net-info"] = (command, _) => Networks.Info(command),
        ["net-dumpxml"] = (command, _) => Networks.Xml(command),
        ["net-update"] = (command, _) => Networks.Update(command),
        ["net-dhcp-leases"] = (command, _) => Networks.Leases(command),
        ["domifaddr"] = (command, cancellation) => Agent(command, cancellation),
        ["list"] = (command, _) => Answer(FakeDomains.Mark(command) + Domains.List()),
        ["domstats"] = (command, _) => Domains.Stats(command),
        ["dumpxml"] = (command, _) => Domains.Xml(command),
        ["destroy"] = (command, _) => Domains.Destroy(command),
        ["undefine"] = (command, _) => Domains.Undefine(command),
        ["resume"] = (command, _) => Domains.Resume(command),
        ["start"] = (command, _) => Domains.Start(command),
        ["shutdown"] = (command, _) => Domains.ShutDown(command),
        ["suspend"] = (command, _) => Domains.Suspend(command),
        ["setvcpus"] = (command, _) => Domains.Resize(command),
        ["setmaxmem"] = (command, _) => Domains.Resize(command),
        ["setmem"] = (command, _) => Domains.Resize(command),
        ["snapshot-create-as"] = (command, _) => Domains.Snapshot(command),
        ["snapshot-revert"] = (command, _) => Domains.Revert(command),
        ["snapshot-delete"] = (command, _) => Domains.Forget(command),
        ["domtime"] = (command, cancellation) => Agent(command, cancellation),
        ["define"] = (command, _) => Domains.Define(command),
        ["virt-install"] = (command, _) => Domains.Install(command),
        ["qemu-img"] = (command, _) => FakeDisks.Run(command),
        ["xorriso"] = (command, _) => Write(command.Arguments[4], Iso),
        ["genisoimage"] = (command, _) => Write(command.Arguments[2], Iso),
    };

    public FakeDomains Domains { get; } = new();

    public FakeNetworks Networks { get; } = new();

    /// <summary>MAC to address, in the service's own network.</summary>
    public ConcurrentDictionary<string, string> Leases => Networks["default"].Leases;

    /// <summary>What the guests' agents tell.</summary>
    public Func<ProcessCommand, CancellationToken, Task<ProcessResult>> Agent { get; set; } = (_, _) => Refused("QEMU guest agent is not connected");

    /// <summary>What was run: virsh's subcommands by their own name, other programs by theirs.</summary>
    public ConcurrentQueue<string> Ran { get; } = new();

    /// <summary>Tools see here what is on the disk while they run.</summary>
    public Action<ProcessCommand>? Watch { get; set; }

    /// <summary>What comes after this option.</summary>
    public static string After(ProcessCommand command, string option) => command.Arguments.SkipWhile(argument => argument != option).ElementAt(1);

    public static Task<ProcessResult> Answer(string output) => Task.FromResult(new ProcessResult(0, output, ""));

    public static Task<ProcessResult> Refused(string error) => Task.FromResult(new ProcessResult(1, "", "error: " + error));

    public static string Table(IEnumerable<KeyValuePair<string, string>> addresses) =>
        string.Join('\n', addresses.Select(entry => $" 2026-11-22 13:10:41   {entry.Key}   {(entry.Value.Contains(':', StringComparison.Ordinal) ? "ipv6" : "ipv4")}   {entry.Value}/24   web"));

    /// <summary>From now on this command is refused in these words.</summary>
    public void RefuseAt(string name, string error) => AnswerAt(name, (_, _) => Refused(error));

    /// <summary>From now on this command is answered so.</summary>
    public void AnswerAt(string name, Func<ProcessCommand, CancellationToken, Task<ProcessResult>> answer) => _tools[name] = answer;

    public Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation)
    {
        var name = command.FileName == "virsh" ? Subcommand(command) : Path.GetFileName(command.FileName);
        Ran.Enqueue(name);
        Watch?.Invoke(command);
        return _tools[name](command, cancellation);
    }

    // virsh --quiet --connect URI SUBCOMMAND, or several in one: "echo MARK; SUBCOMMAND".
    private static string Subcommand(ProcessCommand command) => command.Arguments[3].Split("; ")[^1].Split(' ')[0];

    private static Task<ProcessResult> Write(string path, byte[] content)
    {
        File.WriteAllBytes(path, content);
        return Answer("");
    }
}
