using System.Diagnostics;
using System.Globalization;

namespace AutoProvision.Ssh;

/// <summary>What /proc says about this machine's processes.</summary>
internal static class HostProcesses
{
    public static List<int> ChildrenOf(int parent) =>
        [.. All().Where(process => process.Parent == parent).Select(process => process.Id)];

    /// <summary>The program's name, cut to 15 characters; empty once it is gone.</summary>
    public static string NameOf(int id) => Read($"/proc/{id}/comm").TrimEnd();

    /// <summary>Whether any process (zombies aside) has these very words as its command line.</summary>
    public static bool Runs(params string[] commandLine) => With(commandLine).Count > 0;

    /// <summary>Whether this process runs still, as more than a zombie.</summary>
    public static bool Lives(int id) => Read($"/proc/{id}/cmdline").Length > 0;

    /// <summary>Whether this process is this program, with this somewhere among its arguments.</summary>
    public static bool Is(int id, string program, string argument) =>
        Read($"/proc/{id}/cmdline").Split('\0') is [var name, .. var arguments] && Path.GetFileName(name) == program && arguments.Any(it => it.Contains(argument, StringComparison.Ordinal));

    public static void Kill(params string[] commandLine)
    {
        foreach (var id in With(commandLine))
            Process.GetProcessById(id).Kill();
    }

    /// <summary>Looks every 20 ms until a condition holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"not within 30 s: {what}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private static List<int> With(string[] commandLine) =>
        [.. All().Select(process => process.Id).Where(id =>
            Read($"/proc/{id}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries).SequenceEqual(commandLine))];

    private static IEnumerable<(int Id, int Parent)> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                continue;
            // "id (name) state parent ...", and the name may hold spaces.
            var stat = Read($"{directory}/stat");
            if (stat.LastIndexOf(')') is > 0 and var end && stat[(end + 2)..].Split(' ') is [_, var parent, ..])
                yield return (id, int.Parse(parent, CultureInfo.InvariantCulture));
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // Gone in between.
        }
    }
}
