using System.Globalization;
using System.Text.RegularExpressions;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Parsers of virsh's listings. A line that is not understood is never skipped: a domain that nobody sees would be taken for one
/// that is gone.
/// </summary>
public static partial class VirshTables
{
    /// <summary>The value behind <c>Name:</c> in output such as that of <c>virsh net-info</c>; null when it is not there or empty.</summary>
    public static string? Field(string text, string name)
    {
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        var value = line?[(name.Length + 1)..].Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Output of <c>virsh list --all --uuid --id --name</c>: a UUID, a number or, of one that is off, a hyphen, and a name a line.</summary>
    /// <exception cref="FailureException"><c>hypervisor_garbled</c></exception>
    public static IReadOnlyList<DomainName> Domains(string text) => [.. Lines(text).Select(line =>
    {
        var fields = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return fields.Length == 3 && Guid.TryParseExact(fields[0], "D", out var id) && ReadRun(fields[1]) is (true, var run)
            ? new DomainName(id, fields[2], run) : throw Virsh.Garbled("list", text);
    })];

    /// <summary>
    /// Output of <c>virsh domstats --state --raw</c> by domain name: <c>Domain: 'NAME'</c>, and below it <c>state.state=N</c> and
    /// <c>state.reason=N</c>.
    /// </summary>
    /// <exception cref="FailureException"><c>hypervisor_garbled</c></exception>
    public static IReadOnlyDictionary<string, DomainPower> Powers(string text)
    {
        var rest = DomainStats().Replace(text, "");
        if (!string.IsNullOrWhiteSpace(rest))
            throw Virsh.Garbled("domstats", text);
        return DomainStats().Matches(text).ToDictionary(stats => stats.Groups["name"].Value, stats => Power(Number(stats, "state"), Number(stats, "reason")));
    }

    // virDomainState and, of a paused one, virDomainPausedReason: https://libvirt.org/html/libvirt-libvirt-domain.html
    private static DomainPower Power(int state, int reason) => (state, reason) switch
    {
        (3, 5) => DomainPower.PausedByDisk,
        // Paused, and suspended by the guest itself.
        (3 or 7, _) => DomainPower.Paused,
        // Shut off, and crashed.
        (5 or 6, _) => DomainPower.Stopped,
        _ => DomainPower.Running,
    };

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static (bool IsOne, int? Run) ReadRun(string text) =>
        text == "-" ? (true, null) : (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var run), run);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    [GeneratedRegex(@"^Domain: '(?<name>.+)'\r?\n\s+state\.state=(?<state>\d{1,3})\r?\n\s+state\.reason=(?<reason>\d{1,3})\s*?$", RegexOptions.Multiline)]
    private static partial Regex DomainStats();
}

/// <param name="Id">The domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Run">libvirt's number of it, which is another one each time that it is started; null while it is off.</param>
public sealed record DomainName(Guid Id, string Name, int? Run);
