using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Renders cloud-init's files and writes the seed image.</summary>
public sealed class SeedStep(IHypervisor hypervisor, INetworks networks, VmAccess access, SshAgent agent, VmStore store, IOptions<ProvisioningOptions> options) : IStep
{
    private const int MostKeys = 10;
    private const int MostKeyLength = 100;

    public string Name => "seed";

    public TimeSpan Timeout(Vm vm) => Limit.Time;

    public Failure TimedOut(Vm vm) => new("seed_timeout", "The seed image was not written in time.", $"See that the pool directory's disk answers. {Limit.Hint}");

    public async Task RunAsync(StepContext context, CancellationToken cancellation)
    {
        string[] authorized = [context.Vm.PublicKey!, .. context.Vm.Spec.AuthorizedKeys, .. await ReadAgentAsync(cancellation)];
        var seed = UserData.Seed(context.Vm, access.Keys(context.Id).ReadHostKey(), [.. authorized.Distinct()], await NetworksAsync(context.Vm, cancellation));
        await hypervisor.CreateSeedAsync(context.Id, seed, cancellation);
        if (UserData.Ignored(context.Vm) is { Count: > 0 } keys)
            context.Report($"cloud-init does not know {string.Join(", ", keys.Take(MostKeys).Select(Shown))}{(keys.Count > MostKeys ? $" and {keys.Count - MostKeys} more" : "")} in userData; the guest ignores what it does not know.");
    }

    public Task UndoAsync(Vm vm, CancellationToken cancellation) => hypervisor.RemoveSeedAsync(vm.Id, cancellation);

    private static string Shown(string pointer) => pointer.Length <= MostKeyLength ? pointer : pointer[..MostKeyLength] + "...";

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);

    // The agent also holds the keys of this service's other VMs, each of which opens its own VM alone.
    private async Task<IEnumerable<string>> ReadAgentAsync(CancellationToken cancellation)
    {
        if (!agent.Enabled)
            return [];
        var vms = store.ListAll().Select(vm => vm.PublicKey).OfType<string>().Select(SshPublicKey.Fingerprint).ToHashSet();
        return (await agent.ListIdentitiesAsync(cancellation)).Where(line => !vms.Contains(SshPublicKey.Fingerprint(line)));
    }

    // One look per network; none where the caller has said all there is to say.
    private async Task<IReadOnlyList<NetworkInfo?>> NetworksAsync(Vm vm, CancellationToken cancellation)
    {
        if (vm.Spec.NetworkConfig is not null)
            return [];
        var known = new Dictionary<string, NetworkInfo?>();
        foreach (var name in vm.Nics.Select(nic => nic.Network).Distinct())
            known[name ?? ""] = await networks.FindNetworkAsync(name, cancellation);
        return [.. vm.Nics.Select(nic => known[nic.Network ?? ""])];
    }
}
