using AutoProvision.Processes;

namespace AutoProvision.Fakes;

/// <summary>The service as a process of its own: what a person sees of a start that fails.</summary>
internal static class ServiceProcess
{
    /// <summary>Starts it and expects that it refuses, in good order.</summary>
    /// <returns>What it wrote to standard error.</returns>
    public static async Task<string> FailToStartAsync(params string[] settings)
    {
        var command = new ProcessCommand(RunningService.Dotnet, [RunningService.Program, .. settings]) { Timeout = TimeSpan.FromSeconds(45) };
        var result = await new ProcessRunner(TimeProvider.System).RunAsync(command, TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 1, $"exit code {result.ExitCode}: {result.Evidence}");
        Assert.StartsWith("AutoProvision cannot start: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return result.Error;
    }
}
