using System.Text.Json;
using AutoProvision.Inputs;
using AutoProvision.Vms;

namespace AutoProvision.CloudInit;

/// <summary>A guest may say anything of its cloud-init; the work for it does not grow faster than its length, and what is kept has an end.</summary>
public sealed class HostileGuestTests
{
    private const int Size = 1_000_000;

    public static TheoryData<string> Messages =>
    [
        Command(NastyYaml.Fill("'\\", Size)),
        Command(NastyYaml.Fill("'a\"", Size)),
        Command(NastyYaml.Fill("\\", Size)),
        $"('a', RuntimeError('{NastyYaml.Fill("\\'", Size)}",
        NastyYaml.Fill("('a', ", Size),
    ];

    [Theory, MemberData(nameof(Messages), DisableDiscoveryEnumeration = true)]
    public void Errors_are_taken_apart_in_one_go(string message)
    {
        var before = Environment.CpuUsage.TotalTime;
        Assert.NotEmpty(CloudInitMessage.Parse(message, "init").Message);
        Console.WriteLine($"figure: cloud-init's error {message[..20].ReplaceLineEndings(" ")}: {(Environment.CpuUsage.TotalTime - before).TotalSeconds:0.00} CPU s");
    }

    [Fact]
    public void Errors_that_are_kept_have_an_end()
    {
        var errors = JsonSerializer.Serialize(new { v1 = new { init = new { errors = Enumerable.Range(0, 1000).Select(at => $"{at} {new string('x', 10_000)}") } } });

        var report = CloudInitStatus.ParseFiles(errors, """{"v1": {"errors": []}}""");

        Assert.Equal(32, report.Errors.Count);
        Assert.All(report.Errors, error => Assert.InRange(error.Message.Length, 1, 4096));
    }

    [Fact]
    public void A_line_of_spaces_is_gone_through_once()
    {
        var before = Environment.CpuUsage.TotalTime;
        Assert.Throws<FailureException>(() => CloudInitStatus.ParseCommand($"status: a{new string(' ', Size)}X"));
        Console.WriteLine($"figure: cloud-init's status with a line of spaces: {(Environment.CpuUsage.TotalTime - before).TotalSeconds:0.00} CPU s");
    }

    [Theory]
    [InlineData("""{"v1": {"init": {"errors": ["\ud800"]}}}""")]
    [InlineData("""{"v1": {"init": {"recoverable_errors": {"\ud800": ["a"]}}}}""")]
    public void Half_a_surrogate_pair_cannot_be_read(string status)
    {
        Assert.Equal("cloud_init_status_unreadable", Assert.Throws<FailureException>(() => CloudInitStatus.ParseFiles(status, null)).Code);
        Assert.Equal("cloud_init_status_unreadable", Assert.Throws<FailureException>(() => CloudInitStatus.ParseCommand(status)).Code);
    }

    private static string Command(string words) =>
        $"('a', ProcessExecutionError('Unexpected error while running command.\\nCommand: [{words.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}]\\nExit code: 1\\nReason: -\\nStdout: -\\nStderr: -'))";
}
