using AutoProvision.Processes;

namespace AutoProvision.HostTests.Support;

/// <summary>Runs a host tool beside the service, to see with other eyes.</summary>
public static class Tool
{
    private static readonly ProcessRunner Runner = new(TimeProvider.System);

    public static Task<ProcessResult> RunAsync(ProcessCommand command) => Runner.RunAsync(command, TestContext.Current.CancellationToken);

    /// <summary>Runs a tool that must succeed and gives its output.</summary>
    public static async Task<string> OutputAsync(string program, params IReadOnlyList<string> arguments)
    {
        var result = await RunAsync(new ProcessCommand(program, arguments));
        Assert.True(result.Succeeded, $"{program}: {result.Evidence}");
        return result.Output;
    }

    public static Task<string> VirshAsync(params IReadOnlyList<string> arguments) => OutputAsync("virsh", Virsh(arguments));

    public static Task<ProcessResult> TryVirshAsync(params IReadOnlyList<string> arguments) => RunAsync(new ProcessCommand("virsh", Virsh(arguments)));

    private static string[] Virsh(IReadOnlyList<string> arguments) => ["-q", "-c", "qemu:///system", .. arguments];
}
