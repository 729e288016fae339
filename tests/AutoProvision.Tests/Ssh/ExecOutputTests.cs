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
    public void A_character_that_the_cap_cuts_is_left_out()
    {
        var output = new CappedOutput(3);
        output.Append("a漢"u8);
        Assert.Equal(("a", true, null), (output.Text, output.Truncated, output.Bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_character_that_lies_on_the_border_of_two_blocks_is_whole(int before)
    {
        var text = new string('x', before) + string.Concat(Enumerable.Repeat("漢", CappedOutput.BlockSize));
        using var whole = new CappedOutput(int.MaxValue);
        using var cut = new CappedOutput(2 * CappedOutput.BlockSize + 1);
        foreach (var chunk in Encoding.UTF8.GetBytes(text).Chunk(10_007))
        {
            whole.Append(chunk);
            cut.Append(chunk);
        }
        Assert.Equal((text, null), (whole.Text, whole.Bytes));
        Assert.Equal((text[..(before + (2 * CappedOutput.BlockSize + 1 - before) / 3)], null, true), (cut.Text, cut.Bytes, cut.Truncated));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_kept_from_every_block()
    {
        var bytes = new byte[3 * CappedOutput.BlockSize];
        bytes[^1] = 0xFF;
        using var output = new CappedOutput(int.MaxValue);
        output.Append(bytes);
        Assert.Equal(bytes, output.Bytes!.Value.ToArray());
        Assert.EndsWith("\0\uFFFD", output.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("61FF62", "a\uFFFDb")]
    [InlineData("61E6BC", "a\uFFFD")]
    public void Bytes_that_are_no_UTF8_are_replaced_in_the_text_and_kept_beside_it(string hex, string text)
    {
        var output = new CappedOutput(10);
        output.Append(Convert.FromHexString(hex));
        Assert.Equal((text, hex), (output.Text, Convert.ToHexString(output.Bytes!.Value.Span)));
    }

    /// <summary>However the stream is cut into chunks, and whatever start-up files say before the marker.</summary>
    [Property(MaxTest = 200)]
    public bool The_marker_line_is_taken_out_wherever_chunks_end(NonNegativeInt chunkSize, bool noise, bool rest)
    {
        var marker = new ProcessMarker();
        var (before, after) = (noise ? "warning: ü" : "", rest ? "error\n" : "");
        var bytes = Encoding.UTF8.GetBytes($"{before}{marker.Token}4711\n{after}");
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

    /// <summary>Of an own command, whose output must not depend on start-up files.</summary>
    [Property(MaxTest = 200)]
    public bool What_comes_before_an_own_commands_marker_is_dropped_however_much_it_is(NonNegativeInt chunkSize, bool flood)
    {
        var marker = new ProcessMarker(dropsNoise: true);
        var bytes = Encoding.UTF8.GetBytes($"{new string('x', flood ? 100_000 : 3)}warning: ü{marker.Token}4711 /usr/bin/fish\nout\n");
        return Filtered(marker, bytes, flood ? 997 : chunkSize.Get % 20 + 1) == "out\n" && marker is { ProcessId: 4711, LoginShell: "/usr/bin/fish" };
    }

    [Fact]
    public void What_a_shell_said_that_never_came_to_an_own_command_is_kept_for_its_failure()
    {
        var marker = new ProcessMarker(dropsNoise: true);

        Assert.Equal("", Filtered(marker, "This account is currently not available.\n"u8.ToArray(), 7));
        Assert.Equal("This account is currently not available.\n", marker.Held);
    }

    /// <summary>A start-up file that prints the token with one of these would have everything ended.</summary>
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("-12")]
    public void A_number_that_no_command_can_have_is_not_taken_for_its_process(string told)
    {
        var marker = new ProcessMarker();

        Filtered(marker, Encoding.UTF8.GetBytes($"{marker.Token}{told}\n"), 7);

        Assert.Null(marker.ProcessId);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("bob", " || sudo -n -u bob kill -s TERM -- -12 12 $all 2>/dev/null")]
    public void A_kill_reaches_the_group_the_shell_its_session_and_what_runs_under_sudo(string? user, string more) => Assert.Equal(
        "all=$(cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (.*) [A-Za-z] [0-9]* [0-9]* 12 .*/\\1/p'); "
        + $"kill -s TERM -- -12 12 $all 2>/dev/null; test \"$(id -u)\" = 0 || sudo -n kill -s TERM -- -12 12 $all 2>/dev/null{more}; :",
        RemoteKill.Command("TERM", 12, user));

    private static string Filtered(ProcessMarker marker, byte[] bytes, int chunkSize)
    {
        var output = new CappedOutput(int.MaxValue);
        foreach (var chunk in bytes.Chunk(chunkSize))
            marker.Filter(chunk, output.Append);
        marker.Flush(output.Append);
        return output.Text;
    }
}
