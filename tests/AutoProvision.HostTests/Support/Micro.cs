namespace AutoProvision.HostTests.Support;

/// <summary>
/// The guest of 20 MB that tests/images/micro builds: ready in about 15 s under emulation, and going wrong in the way its name says
/// (no-dhcp-, no-sshd-, other-key-, ci-error-, panic-, poweroff-).
/// </summary>
internal static class Micro
{
    public const string Image = "micro";

    public const int MemoryMiB = 96;

    /// <summary>Settings of a service that knows the image, the given ones added; a value is written as configuration takes it.</summary>
    public static Dictionary<string, string> Settings(params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string>
        {
            [$"Images:Catalog:{Image}:Path"] = Environment.GetEnvironmentVariable("AUTOPROVISION_MICRO_IMAGE") ?? "/var/lib/autoprovision/images/micro.qcow2",
            // More at once than there are cores makes all of them late.
            ["Provisioning:Concurrency"] = "2",
        };
        foreach (var (key, value) in more)
            settings[key] = value;
        return settings;
    }

    /// <summary>The body of a <c>POST /vms</c>.</summary>
    public static object Request(string name) => new { name, image = Image, cpus = 1, memoryMiB = MemoryMiB, diskGiB = 1 };
}
