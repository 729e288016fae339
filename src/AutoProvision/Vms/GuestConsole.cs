using System.Text;
using AutoProvision.Hypervisors;
using AutoProvision.Hypervisors.Libvirt;

namespace AutoProvision.Vms;

/// <summary>The serial console's log of a VM, in every state in which there is one.</summary>
public sealed class GuestConsole(VmService vms, IHypervisor hypervisor)
{
    private const int DefaultLines = 200;
    private const int MostLines = 10_000;

    /// <summary>The log's last lines.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="tail">How many, 1 to 10000; null is 200.</param>
    /// <param name="raw"><c>true</c> gives the bytes as the guest wrote them; otherwise terminal control sequences are cut out.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="FailureException"><c>vm_not_found</c>, <c>console_missing</c>.</exception>
    /// <exception cref="InvalidRequestException"/>
    public async Task<byte[]> ReadAsync(string id, string? tail, string? raw, CancellationToken cancellation)
    {
        var (lines, isRaw) = Read(tail, raw);
        var vm = vms.Get(id);
        var bytes = await hypervisor.ReadConsoleLinesAsync(vm.Id, lines, cancellation) ?? throw Missing(vm);
        return isRaw ? bytes : Encoding.UTF8.GetBytes(ConsoleLog.Clean(Encoding.UTF8.GetString(bytes)));
    }

    /// <summary>The log's last lines, then each new one as soon as it is whole; ends with the VM's log.</summary>
    /// <remarks>A line of a stream of events cannot hold every character: <paramref name="raw"/> is refused where it is true.</remarks>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<IAsyncEnumerable<string>> FollowAsync(string id, string? tail, string? raw, CancellationToken cancellation)
    {
        var (lines, isRaw) = Read(tail, raw);
        if (isRaw)
            throw new InvalidRequestException([new Fault("/raw", "field_conflict", "A stream of events has no raw lines: their control characters would end its fields.", "Leave raw out, or read the log as text.")]);
        var vm = vms.Get(id);
        // Refused here, where there still can be a problem document.
        if (await hypervisor.ReadConsoleLinesAsync(vm.Id, 1, cancellation) is null)
            throw Missing(vm);
        return ConsoleLines.SplitAsync(hypervisor.FollowConsoleAsync(vm.Id, lines, cancellation), cancellation);
    }

    private static (int Lines, bool IsRaw) Read(string? tail, string? raw)
    {
        var faults = new FaultList([]);
        var lines = tail is null ? DefaultLines : WholeNumber.Parse(tail, 1, MostLines);
        if (lines is null)
            faults.Add("/tail", "out_of_range", $"\"{tail}\" is not a number of lines, or out of range.", $"From 1 to {MostLines}, in digits alone.");
        if (raw is not (null or "true" or "false"))
            faults.Add("/raw", "type_mismatch", $"\"{raw}\" is neither true nor false.", "true or false.");
        faults.ThrowIfAny();
        return (lines!.Value, raw == "true");
    }

    internal static FailureException Missing(Vm vm) => new("console_missing",
        $"VM {vm.Id}, which is {vm.State.ToString().ToLowerInvariant()}, has no console log.",
        "There is one from the domain's start until its removal; a failed VM's last lines are in its failure's evidence.");
}
