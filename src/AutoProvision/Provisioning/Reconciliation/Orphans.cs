using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>
/// What this service made and the journal does not know, such as after the journal was restored from an old backup:
/// domains with their files, and keys. It is shown, and removed only on request.
/// </summary>
public sealed partial class Orphans(IHypervisor hypervisor, INetworks networks, VmStore store, VmAccess access, ILogger<Orphans> logger)
{
    private HashSet<Guid> _warned = [];

    /// <exception cref="FailureException">One of the hypervisor's.</exception>
    public async Task<IReadOnlyList<Orphan>> ListAsync(CancellationToken cancellation)
    {
        var (onHost, withKeys) = await LookAsync(cancellation);
        return [.. onHost.Values.Concat(withKeys.Where(id => !onHost.ContainsKey(id)).Select(id => new Orphan(id, null, null, null, [])))
            .Select(orphan => orphan with { Files = [.. orphan.Files, .. access.Keys(orphan.Id).Existing] })
            .OrderBy(orphan => orphan.Id)];
    }

    /// <summary>Removes all of it; nobody can bring it back.</summary>
    /// <exception cref="FailureException"><c>orphan_not_found</c>, or one of the hypervisor's: then it can be tried again.</exception>
    public async Task RemoveAsync(string id, CancellationToken cancellation)
    {
        var (onHost, withKeys) = await LookAsync(cancellation);
        if (VmId.Parse(id) is not { } guid || !(onHost.ContainsKey(guid) || withKeys.Contains(guid)))
            throw VmFailures.OrphanNotFound(id);
        // Where there are only keys, a domain with that id would be somebody else's.
        if (onHost.TryGetValue(guid, out var orphan))
            await RemoveFromHostAsync(orphan);
        access.Keys(guid).Remove();
        LogRemoved(guid, orphan?.Name);
    }

    /// <summary>Logs each orphan once; called by one round of the reconciliation at a time.</summary>
    public async Task WarnAsync(CancellationToken cancellation)
    {
        var orphans = await ListAsync(cancellation);
        foreach (var orphan in orphans.Where(orphan => !_warned.Contains(orphan.Id)))
            LogFound(orphan.Id, orphan.Name, orphan.Files.Count);
        _warned = [.. orphans.Select(orphan => orphan.Id)];
    }

    // Whoever hangs up: without its domain nobody knows which address lease was its.
    private async Task RemoveFromHostAsync(Orphan orphan)
    {
        await hypervisor.RemoveDomainAsync(orphan.Id, orphan.Nics, CancellationToken.None);
        foreach (var nic in orphan.Nics)
            await networks.ReleaseAddressAsync(orphan.Id, nic, CancellationToken.None);
        await hypervisor.RemoveSeedAsync(orphan.Id, CancellationToken.None);
        await hypervisor.RemoveDiskAsync(orphan.Id, CancellationToken.None);
    }

    private async Task<(IReadOnlyDictionary<Guid, Orphan> OnHost, IReadOnlySet<Guid> WithKeys)> LookAsync(CancellationToken cancellation)
    {
        // A VM that was there before the look or is there after it is none, even if it is made or deleted meanwhile.
        var before = store.List().Select(vm => vm.Id).ToHashSet();
        var keys = access.KeyOwners();
        var onHost = await hypervisor.FindOrphansAsync(IsKnown, cancellation);
        return (onHost.ToDictionary(orphan => orphan.Id), keys.Where(id => !IsKnown(id) && access.Keys(id).Existing.Count > 0).ToHashSet());

        bool IsKnown(Guid id) => before.Contains(id) || store.Find(id) is { State: not VmState.Deleted };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} ({Name}, {Files} files) is an orphan: made by this service, but not in its journal. DELETE /host/orphans/{Id} removes it")]
    private partial void LogFound(Guid id, string? name, int files);

    [LoggerMessage(Level = LogLevel.Information, Message = "The orphan {Id} ({Name}) was removed on request")]
    private partial void LogRemoved(Guid id, string? name);
}
