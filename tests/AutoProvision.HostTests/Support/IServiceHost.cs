namespace AutoProvision.HostTests.Support;

/// <summary>A service under test, and where on the host to look for what it makes.</summary>
public interface IServiceHost
{
    string DataDirectory { get; }

    string PoolDirectory { get; }

    /// <summary>The MAC addresses of all VMs this service was asked for.</summary>
    IReadOnlyCollection<string> Macs { get; }
}
