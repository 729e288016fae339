namespace AutoProvision.Vms;

/// <summary>JSON pointers (RFC 6901).</summary>
public static class JsonPointer
{
    /// <summary>Pointer to a member of what another one points to.</summary>
    public static string To(string parent, string member) => $"{parent}/{member.Replace("~", "~0").Replace("/", "~1")}";
}
