using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Asks QEMU's guest agent. It costs a process for each VM and answers only late in the boot; whether it is there at all depends
/// on the guest.
/// </summary>
public sealed class GuestAgent(Virsh virsh, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);
    // Others wait for their turn meanwhile.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Asks for an address until the guest tells one, rarely and one VM at a time; ends only so or by cancellation.</summary>
    public async Task<string> WaitAsync(Guid id, string mac, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Every, time, cancellation);
            if (await AskInTurnAsync(id, mac, cancellation) is { } told)
                return told;
        }
    }

    /// <summary>Every address that the guest tells of; none where it does not answer.</summary>
    public async Task<IReadOnlyList<SeenAddress>> TellAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            var answer = await virsh.TryAsync(AnswerWithin, cancellation, "domifaddr", "--domain", id.ToString(), "--source", "agent");
            return [.. AddressTables.ParseVirsh(answer.Output)];
        }
        catch (FailureException)
        {
            return [];
        }
    }

    /// <summary>Sets the guest's clock to the host's, where its agent answers. It never throws: what the clock is set after is done by then.</summary>
    public async Task TrySetClockAsync(Guid id, CancellationToken cancellation)
    {
        string[] domtime = ["domtime", "--domain", id.ToString()];
        try
        {
            if (!(await virsh.TryAsync(AnswerWithin, cancellation, domtime)).Succeeded)
                return;
            // virsh tells the guest whole seconds: late in one it would be set back by most of it.
            await Task.Delay(ToFullSecond(), time, cancellation);
            await virsh.TryAsync(AnswerWithin, cancellation, [.. domtime, "--now"]);
        }
        catch (Exception e) when (e is FailureException or OperationCanceledException)
        {
            // Time servers set it too, only later.
        }
    }

    public void Dispose() => _turn.Dispose();

    private TimeSpan ToFullSecond() => TimeSpan.FromTicks((TimeSpan.TicksPerSecond - time.GetUtcNow().Ticks % TimeSpan.TicksPerSecond) % TimeSpan.TicksPerSecond);

    private async Task<string?> AskInTurnAsync(Guid id, string mac, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return AddressTables.Pick(await TellAsync(id, cancellation), mac)?.ToString();
        }
        finally
        {
            _turn.Release();
        }
    }
}
