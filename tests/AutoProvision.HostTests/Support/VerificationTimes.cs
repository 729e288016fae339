using System.Globalization;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Support;

/// <summary>What the verifying script takes in a guest, by its own clock.</summary>
internal static class VerificationTimes
{
    /// <summary>Prints what its event says, and the median of five further runs. They must not change what was found.</summary>
    public static async Task PrintAsync(HostApp app, Guid id)
    {
        var told = (await app.HistoryAsync(id)).Single(what => what.Type == VmEventType.Progress && what.Message?.StartsWith("Verified: ", StringComparison.Ordinal) == true).Message!;
        Assert.Matches(@" in \d+ ms in the guest\.$", told);
        var answer = await app.ExecAsync(id, $"sudo sh -c 'cat {VerificationScript.Answer}; for i in 1 2 3 4 5; do sh {VerificationScript.Kept}; tail -n 1 {VerificationScript.Answer}; done; cat {VerificationScript.Answer}; stat -c \"%a %U\" {VerificationScript.Kept} {VerificationScript.Answer}'");
        Assert.True(answer.ExitCode == 0, answer.Stderr);
        var lines = answer.Stdout.TrimEnd('\n').Split('\n');
        var times = lines.Where(line => line.StartsWith("time\t", StringComparison.Ordinal)).Select(line => line.Split('\t')).Select(words => Seconds(words[2]) - Seconds(words[1])).ToList();
        Console.WriteLine($"figure: the verifying script: {told} Median of five more: {times[1..6].Order().ElementAt(2):0.00} s of {string.Join(", ", times[1..6].Select(time => $"{time:0.00}"))}.");
        Assert.Equal(["700 root", "600 root"], lines[^2..]);
        var found = (lines.Length - 2 - 5) / 2;
        Assert.Equal(lines[..(found - 1)], lines[(found + 5)..^3]);
    }

    private static double Seconds(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
