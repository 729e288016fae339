using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Defines and starts a domain with virt-install, and sees that there is one then.</summary>
public sealed class DomainMaker(
    IProcessRunner processes, Virsh virsh, DomainList domains, DomainRemover remover, StrayTools strays, PoolPaths paths, Accelerator accelerator, IOptions<LibvirtOptions> options)
{
    /// <summary>May be called again where it failed: what an earlier call got started goes on.</summary>
    /// <exception cref="FailureException"><c>domain_not_started</c>, <c>disk_full</c>, <c>pool_unusable</c>, <c>tool_timeout</c> and those of <see cref="DomainList"/>.</exception>
    public async Task CreateAsync(DomainSpec spec, CancellationToken cancellation)
    {
        await PoolFailures.GuardAsync(paths.Directory, () => CreateConsoleLogAsync(spec.Id));
        if (await TakeOverAsync(spec.Id, cancellation))
            return;
        var result = await InstallAsync(spec);
        if (await domains.LookAsync(spec.Id, cancellation) is null or DomainPower.Stopped)
            throw new FailureException("domain_not_started", $"virt-install ended well, but no domain {spec.Id} runs.",
                "See what it printed; is virt-install on the service's PATH the real one?", result.Evidence);
    }

    // libvirt or the service was gone while the domain was made: one may run, though virt-install did not come to its end.
    private async Task<bool> TakeOverAsync(Guid id, CancellationToken cancellation)
    {
        await strays.EndAsync(id, cancellation);
        if (!await domains.HasAsync(id, cancellation))
            return false;
        if (await domains.LookAsync(id, cancellation) is null or DomainPower.Stopped)
        {
            await remover.EndAsync(id, cancellation);
            return false;
        }
        await MakeLastingAsync(id, cancellation);
        return true;
    }

    // virt-install first starts a domain that would go with its power, then defines it; doing so again changes nothing.
    private async Task MakeLastingAsync(Guid id, CancellationToken cancellation)
    {
        var xml = await virsh.RunAsync(cancellation, "dumpxml", "--inactive", id.ToString());
        DomainXml.Parse(xml);
        await virsh.FeedAsync(xml, cancellation, "define", "/dev/stdin");
    }

    private async Task<ProcessResult> InstallAsync(DomainSpec spec)
    {
        var arguments = VirtInstall.Arguments(spec, paths, options.Value, accelerator.Decide());
        var result = await RunAsync(spec.Id, new ProcessCommand("virt-install", arguments) { Timeout = spec.Limit ?? options.Value.CreateTimeout });
        ConnectionTroubles.ThrowIfDisconnected(result, options.Value.Uri);
        PoolFailures.ThrowIfFull("virt-install", result);
        return result.Succeeded ? result : throw Virsh.Refused("virt-install", result);
    }

    private async Task<ProcessResult> RunAsync(Guid id, ProcessCommand install)
    {
        try
        {
            // Not cancelled half-way: libvirt would finish the domain behind our back, after the undo had looked for it.
            return await processes.RunAsync(install, CancellationToken.None);
        }
        catch (FailureException e) when (e.Code == "tool_timeout")
        {
            remover.ExpectLate(id);
            throw;
        }
    }

    // Made by us first: virtlogd would make it readable by root alone, and the service need not be root.
    private async Task CreateConsoleLogAsync(Guid id)
    {
        paths.Ensure();
        await using var file = File.Open(paths.Console(id), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });
    }
}
