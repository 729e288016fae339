using System.Xml;
using System.Xml.Linq;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>What tells whose a domain is. Format: https://libvirt.org/formatdomain.html</summary>
/// <param name="Id">Its UUID.</param>
/// <param name="Description">Its description; ours say <c>autoprovision:</c> and their own UUID.</param>
/// <param name="Disks">The files that it has as disks, without those they are layers on.</param>
/// <param name="Nics">Its NICs on libvirt's networks, in their order.</param>
public sealed record DomainXml(Guid Id, string? Description, IReadOnlyList<string> Disks, IReadOnlyList<Nic> Nics)
{
    /// <summary>The description that marks a domain as this service's.</summary>
    public static string MarkOf(Guid id) => $"autoprovision:{id}";

    /// <summary>Whether this service made it, with its disk in this directory: another service on the same libvirt has another.</summary>
    public bool IsOurs(string pool) =>
        Description == MarkOf(Id) && Disks.Any(disk => Path.GetDirectoryName(disk) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(pool)));

    /// <summary>Output of <c>virsh dumpxml</c>.</summary>
    /// <exception cref="FailureException"><c>hypervisor_garbled</c></exception>
    public static DomainXml Parse(string text)
    {
        try
        {
            var domain = XDocument.Parse(text).Root;
            if (domain?.Name == "domain" && Guid.TryParse(domain.Element("uuid")?.Value, out var id))
                return new(id, domain.Element("description")?.Value.Trim(), Files(domain), [.. Devices(domain, "interface").SelectMany(NicOf)]);
        }
        catch (XmlException)
        {
            // As good as any other text.
        }
        throw Virsh.Garbled("dumpxml", text);
    }

    private static List<string> Files(XElement domain) => [.. Devices(domain, "disk").Elements("source").Attributes("file").Select(file => file.Value)];

    private static IEnumerable<Nic> NicOf(XElement nic)
    {
        if (nic.Element("mac")?.Attribute("address")?.Value is { } mac)
            yield return new Nic(mac.ToLowerInvariant(), nic.Element("source")?.Attribute("network")?.Value);
    }

    private static IEnumerable<XElement> Devices(XElement domain, string kind) => domain.Elements("devices").Elements(kind);
}
