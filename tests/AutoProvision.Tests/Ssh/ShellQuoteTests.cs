using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AutoProvision.Ssh;

public class ShellQuoteTests
{
    [Theory]
    [InlineData("plain-1.0", "plain-1.0")]
    [InlineData("", "''")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("A=1", "'A=1'")]
    [InlineData("~root", "'~root'")]
    [InlineData("time", "'time'")]
    [InlineData("done", "'done'")]
    [InlineData("times", "times")]
    [InlineData("line\n", "'line\n'")]
    public void Quotes_what_a_shell_would_change(string argument, string quoted) => Assert.Equal(quoted, ShellQuote.Quote(argument));

    [Fact]
    public void A_NUL_character_is_no_argument() => Assert.Throws<ArgumentException>(() => ShellQuote.Join(["a\0b"]));

    [Property(MaxTest = 200)]
    public Property A_real_shell_reads_back_the_same_list() => Prop.ForAll(Arguments(), arguments =>
    {
        var command = $"printf '%s\\0' {ShellQuote.Join(arguments)}";
        return Run("/bin/sh", "-c", command) == string.Concat(arguments.Select(argument => argument + "\0"));
    });

    /// <summary>Lists of one to six arguments, mostly of characters that mean something to a shell.</summary>
    private static Arbitrary<string[]> Arguments()
    {
        var character = Gen.Elements("'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r-ab0é漢😀".EnumerateRunes().Select(rune => rune.ToString()).ToArray());
        var argument = character.ListOf().Select(string.Concat);
        return argument.ArrayOf().Where(list => list.Length is > 0 and <= 6).ToArbitrary();
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
