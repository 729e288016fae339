namespace AutoProvision.HostTests.Support;

/// <summary>
/// The images of Debian whose guests the tests boot, as deploy/test names them: most tests the first, and the second one test that
/// shows what differs on another release. <c>deploy/test --all-images</c> runs them once more the other way round.
/// </summary>
internal static class Debian
{
    private static readonly string[] Images = (Environment.GetEnvironmentVariable("AUTOPROVISION_DEBIAN_IMAGES") ?? "debian-13 debian-12").Split(' ');

    private static readonly Dictionary<string, Release> Releases = new()
    {
        ["debian-12"] = new("12", "22.4"),
        ["debian-13"] = new("13", "25.1"),
    };

    /// <summary>What a request gets that names no image.</summary>
    public static string Image => Images[0];

    public static string OtherImage => Images[1];

    /// <summary>What the recipe promises of the image, seen in a guest of it: its release and cloud-init, gpg, and the old zone names too.</summary>
    public static async Task IsAsPromisedAsync(HostApp app, Guid id, string image)
    {
        var release = Releases[image];
        var seen = await app.ExecAsync(id, ". /etc/os-release; echo $VERSION_ID; cloud-init --version 2>&1; gpg --version | head -n 1; cat /usr/share/zoneinfo/US/Eastern | head -c 4");
        Assert.Matches($"^{release.Number}\\n/usr/bin/cloud-init {release.CloudInit.Replace(".", "[.]", StringComparison.Ordinal)}[.].*\\ngpg [(]GnuPG[)] .*\\nTZif$", seen.Stdout);
    }

    private sealed record Release(string Number, string CloudInit);
}
