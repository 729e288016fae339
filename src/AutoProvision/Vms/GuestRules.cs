using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>What the guest is given by cloud-init, users, files and commands aside.</summary>
internal static partial class GuestRules
{
    private const string VariableHint = "A name of A-Z, a-z, 0-9 and \"_\", not beginning with a digit, and a value of one line without \"#\" that begins with no quote.";

    public static IReadOnlyList<string> Packages(IReadOnlyList<string>? packages, FaultList faults) =>
        faults.Each("/packages", faults.Within("/packages", packages, ListLimits.Packages), PackageName(), "package_invalid", "is no package name", "Such as \"git\", or \"git=1:2.39.5-0\".");

    public static IReadOnlyList<VmHost> Hosts(IReadOnlyList<VmHostRequest>? requested, FaultList faults)
    {
        var hosts = faults.Within("/hosts", requested, ListLimits.Hosts);
        foreach (var (index, host) in hosts.Index())
        {
            faults.Check($"/hosts/{index}/address", "address_invalid", "An IPv4 or IPv6 address.", () => CloudInitRules.Address(host.Address ?? "", "Address"));
            if (host.Names is null or [])
                faults.Add($"/hosts/{index}/names", "required", "There is no name for the address.", "One or more host names.");
            foreach (var (at, name) in faults.Within($"/hosts/{index}/names", host.Names, ListLimits.HostNames).Index())
                faults.Check($"/hosts/{index}/names/{at}", "name_invalid", "Labels of a-z, 0-9 and \"-\", joined by dots.", () => CloudInitRules.HostName(name, "Name"));
        }
        return [.. hosts.Select(host => new VmHost(host.Address ?? "", host.Names ?? []))];
    }

    public static IReadOnlyDictionary<string, string> Environment(IReadOnlyDictionary<string, string>? requested, FaultList faults)
    {
        var variables = faults.Within("/environment", requested, ListLimits.Variables);
        foreach (var (name, value) in variables)
        {
            var pointer = JsonPointer.To("/environment", name);
            faults.Check(pointer, "environment_invalid", VariableHint, () => EnvironmentFile.Name(name));
            faults.Check(pointer, "environment_invalid", VariableHint, () => EnvironmentFile.Value(value));
        }
        return variables;
    }

    /// <param name="userData">The caller's own.</param>
    /// <param name="own">What the request's other fields describe; its user-data cannot describe it as well.</param>
    /// <param name="faults">Gets what is wrong.</param>
    public static string? UserData(string? userData, OwnDescriptions own, FaultList faults)
    {
        if (userData is null)
            return null;
        var plain = userData;
        faults.Check("/userData", "user_data_invalid", "A text that begins with \"#cloud-config\" or \"#!\", or a MIME multi-part of such; also in base64, or as a gzip file in base64.", () =>
        {
            plain = PackedUserData.Unpack(userData, faults.Cancellation);
            CallersUserData.Read(plain, own, faults.Cancellation);
        });
        return plain;
    }

    // Debian's and Fedora's names, an optional version or architecture behind them.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9+._:~=/-]*\z")]
    private static partial Regex PackageName();
}
