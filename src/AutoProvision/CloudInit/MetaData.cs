using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>The seed's <c>meta-data</c> file.</summary>
public sealed record MetaData
{
    /// <param name="instanceId">Unlike every other machine's: a changed id makes cloud-init set the machine up anew.</param>
    /// <param name="localHostname">RFC 1123 label.</param>
    /// <exception cref="ArgumentException">The id is blank or no single line, or the name is no label.</exception>
    public MetaData(string instanceId, string localHostname)
    {
        InstanceId = CloudInitRules.Line(instanceId, "Instance id");
        LocalHostname = CloudInitRules.Label(localHostname, "Hostname");
    }

    public string InstanceId { get; }

    public string LocalHostname { get; }

    public string BuildYaml() => Write(Map(("instance-id", Text(InstanceId)), ("local-hostname", Text(LocalHostname))));
}
