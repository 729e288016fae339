namespace AutoProvision.Vms;

/// <summary>
/// A VM's id has one spelling, the one that the service writes: 32 lower-case digits with hyphens. So a log, a proxy's rule or a cache that
/// compares addresses as text sees one VM as one.
/// </summary>
public static class VmId
{
    /// <returns>Null where the text is anything else, another spelling of an id too.</returns>
    public static Guid? Parse(string text) => Guid.TryParseExact(text, "D", out var id) && id.ToString() == text ? id : null;

    /// <summary>The right spelling of what can be recognised as an id in another one; null where it cannot, or where it is right.</summary>
    public static string? Respell(string text) => Guid.TryParse(text, out var id) && id.ToString() != text ? id.ToString() : null;
}
