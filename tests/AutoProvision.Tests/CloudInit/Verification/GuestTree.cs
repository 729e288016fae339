using System.Diagnostics;

namespace AutoProvision.CloudInit.Verification;

/// <summary>A directory that stands for a guest's root, with what it prints for packages, in which the script runs for real.</summary>
internal sealed class GuestTree : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-guest-");
    private readonly DirectoryInfo _programs = Directory.CreateTempSubdirectory("autoprovision-programs-");

    public GuestTree()
    {
        Write("/var/lib/cloud/instance/obj.pkl", "");
        Write("/proc/uptime", "1034.07 2000.00\n");
        Write("/proc/sys/kernel/hostname", "web\n");
        Write("/proc/mounts", "rootfs / ext4 rw 0 0\n");
        Write("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
        Write("/etc/hostname", "web\n");
        Write("/etc/passwd", "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnull:x:0:0::/root:/bin/sh\n");
        Write("/etc/group", "daemon:x:1:\nadm:x:4:\n");
        Write("/bin/sh", "");
        File.SetUnixFileMode(In("/bin/sh"), (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(In("/dev/disk/by-id"));
    }

    /// <summary>What can run it here; busybox' shell only where there is busybox.</summary>
    public static TheoryData<string> Shells => [.. new[] { "sh", "bash", "busybox" }.Where(shell => shell != "busybox" || Found(shell))];

    /// <summary>The number of who runs the tests.</summary>
    public static int MyId { get; } = GetMyId();

    public string AnswerFile => In(VerificationScript.Answer);

    public string In(string path) => _root.FullName + path;

    public void Write(string path, string text, string mode = "644")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(path))!);
        File.WriteAllText(In(path), text);
        File.SetUnixFileMode(In(path), (UnixFileMode)Convert.ToInt32(mode, 8));
    }

    /// <summary>A pipe that nobody writes to.</summary>
    public void Pipe(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(path))!);
        using var process = Process.Start("mkfifo", [In(path)]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A user as useradd makes one; the home belongs to who runs the tests.</summary>
    public void AddUser(string name, string shell = "/bin/sh", int id = 1001)
    {
        File.AppendAllText(In("/etc/passwd"), $"{name}:x:{id}:{id}::/home/{name}:{shell}\n");
        File.AppendAllText(In("/etc/group"), $"{name}:x:{id}:\n");
        Directory.CreateDirectory(In($"/home/{name}"));
    }

    /// <summary>A disk as udev names it.</summary>
    public void AddDisk(string serial, string device)
    {
        Write($"/dev/{device}", "");
        File.CreateSymbolicLink(In($"/dev/disk/by-id/virtio-{serial}"), $"../../{device}");
    }

    /// <summary>A stand-in that comes before a program of this machine.</summary>
    public void Program(string name, string script)
    {
        var path = Path.Combine(_programs.FullName, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    /// <summary>What a stand-in wrote beside itself.</summary>
    public string ProgramsFile(string name) => File.ReadAllText(Path.Combine(_programs.FullName, name));

    public VerificationAnswer Run(VerificationScript script, string shell = "sh") => VerificationAnswer.Parse(RunText(script.Build(), shell));

    /// <summary>The answer as it stands in the file.</summary>
    public string RunText(string script, string shell = "sh")
    {
        Write("/script", script);
        string[] arguments = [.. shell == "busybox" ? ["sh"] : Array.Empty<string>(), In("/script"), _root.FullName];
        var start = new ProcessStartInfo(shell, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_programs.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, output));
        return File.Exists(AnswerFile) ? File.ReadAllText(AnswerFile) : "";
    }

    public void Dispose()
    {
        _root.Delete(recursive: true);
        _programs.Delete(recursive: true);
    }

    private static int GetMyId()
    {
        using var process = Process.Start(new ProcessStartInfo("id", "-u") { RedirectStandardOutput = true })!;
        return int.Parse(process.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static bool Found(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));
}
