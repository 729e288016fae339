using AutoProvision.Processes;

namespace AutoProvision.Fakes;

/// <summary>The service as a process of its own: what a person sees of a start that fails.</summary>
internal static class ServiceProcess
{
    /// <summary>Starts it and expects that it refuses, in good order, and leaves no process behind.</summary>
    /// <returns>What it wrote to standard error.</returns>
    public static async Task<string> FailToStartAsync(params string[] settings)
    {
        var mark = $"{Guid.NewGuid():N}";
        var command = new ProcessCommand(RunningService.Dotnet, [RunningService.Program, .. settings])
        {
            Timeout = TimeSpan.FromSeconds(45),
            Environment = new Dictionary<string, string> { ["AUTOPROVISION_TEST"] = mark },
        };
        var result = await new ProcessRunner(TimeProvider.System).RunAsync(command, TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 1, $"exit code {result.ExitCode}: {result.Evidence}");
        Assert.StartsWith("AutoProvision cannot start: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), process => Environment(process).Contains(mark, StringComparison.Ordinal));
        return result.Error;
    }

    // What a process was started with is handed on to what it starts; none of one that has ended.
    private static string Environment(string process)
    {
        try
        {
            return char.IsAsciiDigit(Path.GetFileName(process)[0]) ? File.ReadAllText(Path.Combine(process, "environ")) : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
