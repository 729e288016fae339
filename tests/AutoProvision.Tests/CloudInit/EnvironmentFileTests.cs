using FsCheck.Xunit;

namespace AutoProvision.CloudInit;

[Properties(Arbitrary = [typeof(AnyText)], MaxTest = 500)]
public class EnvironmentFileTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" two  words ")]
    [InlineData("it's \"so\"")]
    [InlineData("$HOME ${x} `id` %s @{y}")]
    [InlineData("\\n \\")]
    [InlineData("tab\there")]
    [InlineData("a=b; c")]
    [InlineData("grüße 😀")]
    public void A_value_comes_back_from_both_parsers(string value)
    {
        Assert.Equal(value, PamEnv.Read(EnvironmentFile.Lines(Only(value)))["A"]);
        Assert.Equal(value, PamEnv.ReadThroughEconf(EnvironmentFile.Lines(Only(value)))["A"]);
    }

    [Property]
    public void Any_value_comes_back_or_is_refused(AnyText text)
    {
        string lines;
        try
        {
            lines = EnvironmentFile.Lines(new Dictionary<string, string> { ["A"] = text.Value, ["B"] = "after" });
        }
        catch (ArgumentException)
        {
            return;
        }
        Assert.All([PamEnv.Read(lines), PamEnv.ReadThroughEconf(lines)], (Dictionary<string, string> read) =>
        {
            Assert.Equal(text.Value, read["A"]);
            Assert.Equal("after", read["B"]);
        });
    }

    [Theory]
    [InlineData("a#b")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("\"quoted\"")]
    [InlineData("'quoted'")]
    public void A_value_that_a_parser_would_change_is_refused(string value) =>
        Assert.Throws<ArgumentException>(() => EnvironmentFile.Value(value));

    [Fact]
    public void A_value_ends_before_the_parsers_line_does() =>
        Assert.Throws<ArgumentException>(() => EnvironmentFile.Value(new string('x', 8001)));

    [Theory]
    [InlineData("")]
    [InlineData("1A")]
    [InlineData("A-B")]
    [InlineData("A B")]
    [InlineData("Ä")]
    [InlineData("A\n")]
    [InlineData("HOME")]
    public void A_name_is_one_that_a_session_can_be_given(string name) =>
        Assert.Throws<ArgumentException>(() => EnvironmentFile.Name(name));

    private static Dictionary<string, string> Only(string value) => new() { ["A"] = value };

    /// <summary>What Linux-PAM 1.5.2 and libeconf 0.8 do with a line of ours, in their own steps.</summary>
    private static class PamEnv
    {
        public static Dictionary<string, string> Read(string lines) => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('#')[0].Split('=', 2)).ToDictionary(it => it[0], it => Unquoted(it[1]));

        public static Dictionary<string, string> ReadThroughEconf(string lines) => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(it => it[0], it => Unquoted(it[1].TrimEnd()[1..^1].Split('#')[0]));

        // A first quote goes; a last one goes; those between stay.
        private static string Unquoted(string value)
        {
            if (value is not ['"' or '\'', ..])
                return value;
            return value is [_, .. var inner, '"' or '\''] ? inner : value[1..];
        }
    }
}
