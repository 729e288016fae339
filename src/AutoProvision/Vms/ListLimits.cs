namespace AutoProvision.Vms;

/// <summary>How many entries a request's lists and maps may have: more than people need, and few enough that each can be checked at once.</summary>
public static class ListLimits
{
    /// <summary>virtio disks beside the root disk and the seed.</summary>
    public const int Disks = 8;

    public const int FurtherNics = 7;

    /// <summary>They run one after the other.</summary>
    public const int ReadinessChecks = 16;

    public const int Labels = 64;

    /// <summary>All of them removed and as many set.</summary>
    public const int LabelChanges = 2 * Labels;

    public const int AuthorizedKeys = 256;

    public const int Users = 64;

    public const int Groups = 64;

    public const int Packages = 1000;

    public const int Files = 1000;

    public const int Hosts = 1000;

    public const int HostNames = 64;

    public const int Commands = 1000;

    public const int Variables = 256;

    /// <summary>Linux limits their bytes (<c>command_too_long</c>); these have one or more each.</summary>
    public const int Arguments = 10_000;
}

/// <summary>The largest number of a list's items, a map's members or a text's characters: asked before they are read, and told in the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AtMostAttribute(int count) : Attribute
{
    public int Count { get; } = count;
}
