namespace AutoProvision.Images;

/// <summary>The configuration section <c>Images</c>: which base images there are, and how they are fetched.</summary>
public sealed class ImagesOptions
{
    public const string Section = "Images";

    /// <summary>Where downloaded and built images are kept; made on demand, readable by all so that QEMU's own user can read them.</summary>
    public string Directory { get; set; } = "/var/lib/autoprovision/images";

    /// <summary>Where the scripts named by <see cref="ImageDefinition.Build"/> are; beside the service.</summary>
    public string ScriptDirectory { get; set; } = Path.Combine(AppContext.BaseDirectory, "images");

    /// <summary>The images by the name that a caller asks for.</summary>
    public Dictionary<string, ImageDefinition> Catalog { get; set; } = [];

    /// <summary>A whole download, its retries included.</summary>
    public TimeSpan DownloadTimeout { get; set; } = TimeSpan.FromHours(2);

    /// <summary>A connection that gives no byte for so long is dropped and tried again.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Retries in a row that bring no new byte before a download is given up.</summary>
    public int Retries { get; set; } = 6;

    /// <summary>Before the first retry; doubles up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A build script that runs longer is stopped.</summary>
    public TimeSpan BuildTimeout { get; set; } = TimeSpan.FromMinutes(20);
}
