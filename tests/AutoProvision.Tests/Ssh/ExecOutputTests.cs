using System.Text;
using FsCheck;
using FsCheck.Xunit;

namespace AutoProvision.Ssh;

public class ExecOutputTests
{
    [Fact]
    public void Output_up_to_the_cap_is_whole()
    {
        var output = new CappedOutput(4);
        output.Append("ab"u8);
        output.Append("cd"u8);
        Assert.Equal(("abcd", false), (output.Text, output.Truncated));
        output.Append("e"u8);
        Assert.Equal(("abcd", true), (output.Text, output.Truncated));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_replaced()
    {
        var output = new CappedOutput(3);
        output.Append("a漢"u8);
        Assert.Equal("a\uFFFD", output.Text);
    }

    /// <summary>However the stream is cut into chunks, and whatever start-up files say before the marker.</summary>
    [Property(MaxTest = 200)]
    public bool The_marker_line_is_taken_out_wherever_chunks_end(NonNegativeInt chunkSize, bool noise, bool rest)
    {
        var marker = new ProcessMarker();
        var (before, after) = (noise ? "warning: ü" : "", rest ? "error\n" : "");
        var bytes = Encoding.UTF8.GetBytes($"{before}{Token(marker)}4711\n{after}");
        return Filtered(marker, bytes, chunkSize.Get % 20 + 1) == before + after && marker.ProcessId == 4711;
    }

    [Theory]
    [InlineData("")]
    [InlineData("This account is currently not available.\n")]
    public void Without_a_marker_everything_comes_through(string text)
    {
        var marker = new ProcessMarker();
        Assert.Equal(text, Filtered(marker, Encoding.UTF8.GetBytes(text), 7));
        Assert.Null(marker.ProcessId);
    }

    [Fact]
    public void A_flood_before_the_marker_is_not_held_back_for_ever()
    {
        var output = new CappedOutput(int.MaxValue);
        new ProcessMarker().Filter(new byte[100_000], output.Append);
        Assert.Equal(100_000, output.Text.Length);
    }

    [Fact]
    public void A_command_without_input_reads_an_end_of_file()
    {
        Assert.EndsWith("; exec </dev/null\ncat", new ProcessMarker().Wrap("cat", hasInput: false), StringComparison.Ordinal);
        Assert.DoesNotContain("/dev/null", new ProcessMarker().Wrap("cat", hasInput: true), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kill_reaches_the_group_the_shell_and_what_runs_under_sudo() => Assert.Equal(
        "kill -s TERM -- -12 12 2>/dev/null; test \"$(id -u)\" = 0 || sudo -n kill -s TERM -- -12 12 2>/dev/null; :",
        RemoteKill.Command("TERM", 12));

    private static string Token(ProcessMarker marker) => marker.Wrap("", hasInput: true).Split('"')[1].Replace("$$", "", StringComparison.Ordinal);

    private static string Filtered(ProcessMarker marker, byte[] bytes, int chunkSize)
    {
        var output = new CappedOutput(int.MaxValue);
        foreach (var chunk in bytes.Chunk(chunkSize))
            marker.Filter(chunk, output.Append);
        marker.Flush(output.Append);
        return output.Text;
    }
}
