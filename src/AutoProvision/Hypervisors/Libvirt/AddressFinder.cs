using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Finds a guest's address: the DHCP lease of its MAC, the host's ARP table, and, for guests that have neither (a static
/// address on a bridge), the guest agent.
/// </summary>
public sealed class AddressFinder(LeaseBook leases, Virsh virsh, IOptions<LibvirtOptions> options, TimeProvider time) : IDisposable
{
    // The agent costs a process for each VM and answers only late in the boot: it is asked last, rarely, and one VM at a time.
    private static readonly TimeSpan AgentEvery = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim _agentGate = new(1);
    private readonly SharedLookup<IReadOnlyList<SeenAddress>> _lookup =
        new(() => LookAsync(leases), options.Value.AddressPollInterval / 2, time);

    public async Task<string> WaitAsync(Guid id, string mac, CancellationToken cancellation)
    {
        var agentAskedAt = time.GetTimestamp();
        while (true)
        {
            if (AddressTables.Pick(await LookAsync(cancellation), mac) is { } seen)
                return seen.ToString();
            if (time.GetElapsedTime(agentAskedAt) >= AgentEvery)
            {
                if (await AskAgentAsync(id, mac, cancellation) is { } told)
                    return told;
                agentAskedAt = time.GetTimestamp();
            }
            await Task.Delay(options.Value.AddressPollInterval, time, cancellation);
        }
    }

    public void Dispose() => _agentGate.Dispose();

    // libvirt gone for a moment is no reason to give up: the wait has its own deadline.
    private async Task<IReadOnlyList<SeenAddress>> LookAsync(CancellationToken cancellation)
    {
        try
        {
            return await _lookup.GetAsync(cancellation);
        }
        catch (FailureException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<SeenAddress>> LookAsync(LeaseBook leases)
    {
        var leased = await leases.LookAsync(CancellationToken.None);
        var arp = File.Exists("/proc/net/arp") ? await File.ReadAllTextAsync("/proc/net/arp") : "";
        return [.. leased, .. AddressTables.ParseArp(arp)];
    }

    private async Task<string?> AskAgentAsync(Guid id, string mac, CancellationToken cancellation)
    {
        if (!await _agentGate.WaitAsync(0, cancellation))
            return null;
        try
        {
            var answer = await virsh.TryAsync(cancellation, "domifaddr", id.ToString(), "--source", "agent");
            return AddressTables.Pick(AddressTables.ParseVirsh(answer.Output), mac)?.ToString();
        }
        catch (FailureException)
        {
            return null;
        }
        finally
        {
            _agentGate.Release();
        }
    }
}
