using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>The preflight: looks at libvirt, its network, the pool, the tools and the accelerator, and says all that is wrong at once.</summary>
public sealed class HostInspector(Virsh virsh, Accelerator accelerator, PoolPaths paths, IOptions<LibvirtOptions> options)
{
    public async Task<HostReport> InspectAsync(CancellationToken cancellation)
    {
        var problems = new List<Failure>();
        var tools = HostTools.Report();
        var version = await AskAsync(problems, "Using library", cancellation, "version");
        var network = version is null ? null : await AskAsync(problems, "Active", cancellation, "net-info", options.Value.Network);
        var freeMiB = ProbePool(problems);
        var report = new HostReport
        {
            Uri = options.Value.Uri,
            Version = version is null ? null : Version(version),
            Accelerator = accelerator.Decide(),
            Cpus = Environment.ProcessorCount,
            MemoryTotalMiB = HostMemory.ReadMiB("MemTotal"),
            MemoryFreeMiB = HostMemory.ReadMiB("MemAvailable"),
            Pool = new PoolReport(paths.Directory, freeMiB),
            Network = new NetworkReport(options.Value.Network, VirshTables.Field(network ?? "", "Active") == "yes", VirshTables.Field(network ?? "", "Bridge")),
            Tools = tools,
            Problems = problems,
        };
        problems.AddRange(Judge(report, networkKnown: network is not null));
        return report;
    }

    private static IEnumerable<Failure> Judge(HostReport report, bool networkKnown)
    {
        foreach (var tool in report.Tools.Where(tool => tool.Path is null && HostTools.Required.Contains(tool.Name)))
            yield return new Failure("tool_missing", $"{tool.Name} is not installed.", "deploy/host-setup installs all that is needed.");
        if (networkKnown && !report.Network.Active)
            yield return new Failure("network_inactive", $"The libvirt network \"{report.Network.Name}\" is not active.", $"virsh net-start {report.Network.Name}");
    }

    // Rubbish does not have the field that every answer has.
    private async Task<string?> AskAsync(List<Failure> problems, string field, CancellationToken cancellation, params IReadOnlyList<string> command)
    {
        try
        {
            var answer = await virsh.RunAsync(cancellation, command);
            return VirshTables.Field(answer, field) is null ? throw Virsh.Garbled(command[0], answer) : answer;
        }
        catch (FailureException e)
        {
            problems.Add(e.Failure);
            return null;
        }
    }

    // "Using API: QEMU 9.0.0 / Running hypervisor: QEMU 7.2.22" and the library line before them.
    private static string Version(string text) =>
        $"libvirt {VirshTables.Field(text, "Using library")?.Replace("libvirt ", "")}, {VirshTables.Field(text, "Running hypervisor")}";

    private long? ProbePool(List<Failure> problems)
    {
        try
        {
            paths.Probe();
            return new DriveInfo(paths.Directory).AvailableFreeSpace / 1024 / 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(PoolFailures.Unusable(paths.Directory, e));
            return null;
        }
    }
}
