namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>Values for the parameters in a path. Those of VMs are marks that <see cref="VmMarks"/> resolves when the request is sent.</summary>
internal static class PathValues
{
    /// <summary>Values that name nothing, however a server reads them: they must not be taken for something that exists.</summary>
    public static readonly string[] Foreign =
    [
        "%2e%2e", "%2e", "%2E%2e", ".%2e", "..%2f..%2fetc", "%2F", "%2f%2f", "$vm0$%2F", "$vm0$%2Fevents", "%2F$vm0$", "$vm0$%00", "%00", "$vm0$%20", "%20$vm0$", "$vm0$%0a", "%0d%0aX:%20y", "%09", "%20",
        "%7B$vm0$%7D", "($vm0$)", "$nd0$", "$up0$", "%7b0x00000000,0x0000,0x0000,%7b0x00,0x00,0x00,0x00,0x00,0x00,0x00,0x00%7d%7d", "00000000-0000-0000-0000-000000000000", "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47",
        "%F0%9F%98%80", "%ff%fe", "%c0%ae%c0%ae", "%ed%a0%80", "%", "%zz", "%u0041", "%252e%252e", "\xe9", "*", "'", "\"", "<script>", "{id}", "null", "0", "-1", "$vm0$;x", "$vm0$+", "a,b", "~", "^", "|", "`", "\\..\\..",
        new string('a', 1_000), new string('a', 7_500), new string('%', 500), string.Concat(Enumerable.Repeat("%41", 2_000)),
    ];

    /// <summary>A value that is there, or was, or is not known.</summary>
    public static string Tame(ApiParameter parameter, Random random)
    {
        if (parameter.Name != "id")
            return random.Next(4) == 0 ? "before-upgrade" : $"f{random.Next(20)}";
        return random.Next(10) switch
        {
            < 7 => VmMarks.Slot(random),
            < 9 => VmMarks.Newest(random),
            _ => parameter.Example?.GetString() ?? "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47",
        };
    }
}
