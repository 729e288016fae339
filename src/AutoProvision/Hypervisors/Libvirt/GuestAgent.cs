using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Asks QEMU's guest agent for addresses. It costs a process for each VM and answers only late in the boot: rarely, and one VM at a time.</summary>
public sealed class GuestAgent(Virsh virsh, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);
    // Others wait for their turn meanwhile.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Asks until the guest tells an address; ends only so or by cancellation.</summary>
    public async Task<string> WaitAsync(Guid id, string mac, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Every, time, cancellation);
            if (await AskAsync(id, mac, cancellation) is { } told)
                return told;
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<string?> AskAsync(Guid id, string mac, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            var answer = await virsh.TryAsync(AnswerWithin, cancellation, "domifaddr", id.ToString(), "--source", "agent");
            return AddressTables.Pick(AddressTables.ParseVirsh(answer.Output), mac)?.ToString();
        }
        catch (FailureException)
        {
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }
}
