using static AutoProvision.CloudInit.Verification.SpecFinding;

namespace AutoProvision.CloudInit.Verification;

public sealed class VerificationAnswerTests
{
    private static readonly SpecCheck[] Checks = [new("/a", "a"), new("/a/b", "b", "/a"), new("/c", "c")];

    [Fact]
    public void Lines_of_its_form_are_read_and_the_scripts_time_is()
    {
        var answer = VerificationAnswer.Parse("/a\tok\t\n/c\tdiffers\tsomething\twith a tab\ntime\t1034.07\t1034.28\n");

        Assert.Equal((Ok, ""), answer.Findings["/a"]);
        Assert.Equal((Differs, "something\uFFFDwith a tab"), answer.Findings["/c"]);
        Assert.Equal(TimeSpan.FromMilliseconds(210), answer.Time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\t\t\n\0\0\0")]
    [InlineData("/a ok \n/a\tOK\t\n/a\tfine\t\n/a\tok\n\t/a\tok")]
    [InlineData("time\t-1\t2\ntime\t5\t2\ntime\t1e300\t1e301\ntime\tNaN\tInfinity\ntime\t1\t99999999999999999999999999999")]
    [InlineData("\uFFFD\uFFFD\t\uFFFD\t\uFFFD")]
    public void Anything_else_says_nothing(string garbage)
    {
        var answer = VerificationAnswer.Parse(garbage);

        Assert.All(answer.Of(Checks), it => Assert.Equal(Unknown, it.Finding));
        Assert.Null(answer.Time);
    }

    [Fact]
    public void A_pointers_first_line_counts_and_those_of_other_things_are_passed_over()
    {
        var found = VerificationAnswer.Parse("/c\tmissing\tfirst\n/c\tok\t\n/z\tmissing\t\n").Of(Checks);

        Assert.Equal([("/a", Unknown), ("/a/b", Unknown), ("/c", Missing)], found.Select(it => (it.Check.Pointer, it.Finding)));
    }

    [Fact]
    public void Properties_of_what_is_missing_are_left_out() =>
        Assert.Equal(["/a", "/c"], VerificationAnswer.Parse("/a\tmissing\t\n/a/b\tdiffers\t\n").Of(Checks).Select(it => it.Check.Pointer));

    [Fact]
    public void What_was_seen_is_cut_and_has_no_control_characters()
    {
        var seen = VerificationAnswer.Parse($"/a\tdiffers\t\u001b[31m\r{new string('x', 5000)}").Findings["/a"].Seen;

        Assert.Equal(200, seen.Length);
        Assert.StartsWith("\uFFFD[31m\uFFFDx", seen, StringComparison.Ordinal);
    }
}
