namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Parsers of virsh's listings.</summary>
public static class VirshTables
{
    /// <summary>The value behind <c>Name:</c> in output such as that of <c>virsh net-info</c>; null when it is not there or empty.</summary>
    public static string? Field(string text, string name)
    {
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        var value = line?[(name.Length + 1)..].Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Output of <c>virsh list --all --uuid --name</c>: one UUID and one name a line.</summary>
    public static IEnumerable<DomainInfo> Domains(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Trim().Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length == 2 && Guid.TryParse(fields[0], out var id))
                yield return new DomainInfo(id, fields[1]);
        }
    }
}
