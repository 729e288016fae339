using System.Diagnostics;
using FsCheck;
using FsCheck.Xunit;

namespace AutoProvision.Ssh;

public class ExecScriptTests
{
    private static readonly ExecRequest Plain = new("run 'it'");

    public static TheoryData<ExecRequest, string> Scripts => new()
    {
        { Plain, "echo \"T $$\" >&2; exec </dev/null\nrun 'it'" },
        { Plain with { Stdin = "x"u8.ToArray() }, "echo \"T $$\" >&2\nrun 'it'" },
        { Plain with { Directory = "/a b" }, "cd '/a b' || exit 125\necho \"T $$\" >&2; exec </dev/null\nrun 'it'" },
        { Plain with { Environment = Variables(("A", "it's"), ("B", "")) }, "export A='it'\\''s' B=''\necho \"T $$\" >&2; exec </dev/null\nrun 'it'" },
        {
            Plain with { User = "bob" },
            "exec sudo -n -u bob -H -- sh -c 'cd 2>/dev/null || cd /\necho \"T $1\" >&2; shift; exec </dev/null\nrun '\\''it'\\''' sh $$"
        },
        {
            Plain with { User = "bob", Directory = "/srv", Environment = Variables(("A", "1")), Stdin = "x"u8.ToArray() },
            "exec sudo -n -u bob -H -- sh -c 'cd /srv || exit 125\nexport A=1\necho \"T $1\" >&2; shift\nrun '\\''it'\\''' sh $$"
        },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void The_preparation_comes_before_the_marker_and_the_command_after_it(ExecRequest request, string script) =>
        Assert.Equal(script, ExecScript.Build(request, "T "));

    [Fact]
    public void An_own_command_tells_of_itself_on_both_streams_and_another_login_shell_runs_the_callers()
    {
        var (posix, fish) = (new LoginShell(), new LoginShell());
        posix.Learn("/usr/bin/bash");
        fish.Learn("/usr/bin/fish");

        Assert.Equal(SentText.OfScript("echo \"T $$\"; echo \"T $$ $SHELL\" >&2; exec </dev/null\nrun 'it'"), ExecScript.Build(Plain with { IsOwn = true }, "T ", posix));
        Assert.Equal(SentText.Of(ExecScript.Build(Plain, "T ")), ExecScript.Build(Plain, "T ", posix));
        Assert.Equal(SentText.Of(ExecScript.Build(Plain, "T ")), ExecScript.Build(Plain, "T ", new LoginShell()));
        Assert.Equal(SentText.OfScript("set -- \"$SHELL\"\ncd /srv || exit 125\necho \"T $$\" >&2; exec </dev/null\nexec \"$1\" -c 'run '\\''it'\\'''"), ExecScript.Build(Plain with { Directory = "/srv" }, "T ", fish));
        Assert.Equal(SentText.OfScript(ExecScript.Build(Plain with { User = "bob" }, "T ")), ExecScript.Build(Plain with { User = "bob" }, "T ", fish));
    }

    /// <summary>Through two shells where there is another user: a sudo of the test's own that only drops its options.</summary>
    [Property(MaxTest = 30)]
    public bool A_variable_of_any_content_arrives(NonNull<string> text, bool asOther)
    {
        var value = new string([.. text.Get.Where(letter => letter != '\0' && !char.IsSurrogate(letter))]);
        var request = new ExecRequest("printf %s \"$IT\"") { Environment = Variables(("IT", value)), User = asOther ? "bob" : null };
        var script = ExecScript.Build(request, "T ").Replace("exec sudo -n -u bob -H --", "exec", StringComparison.Ordinal);
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output == value;
    }

    [Fact]
    public void The_length_counts_what_quoting_for_another_user_adds()
    {
        var request = new ExecRequest(new string('\'', 1000));
        Assert.InRange(ExecScript.Length(request), 1000, 1200);
        Assert.InRange(ExecScript.Length(request with { User = "bob" }), 4000, 4300);
    }

    [Fact]
    public void The_length_is_that_of_what_is_sent()
    {
        var request = new ExecRequest("echo 'ü' $IT") { User = "bob", Directory = "/a b", Environment = Variables(("IT", "it's")) };
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(ExecScript.Build(request, new ProcessMarker().Token)), ExecScript.Length(request));
    }

    /// <summary>Of what can be refused with its request nothing is left to be refused when it is sent.</summary>
    [Theory]
    [InlineData("/usr/bin/bash")]
    [InlineData("/usr/bin/fish")]
    [InlineData("/bin/tcsh")]
    public void The_most_length_is_that_of_any_login_shell(string path)
    {
        var shell = new LoginShell();
        shell.Learn(path);
        foreach (var command in (string[])["echo 'it'\n! \\", new string('x', 1000), new string('\'', 1000)])
            foreach (var user in (string?[])[null, "bob"])
            {
                var request = new ExecRequest(command) { User = user };
                Assert.InRange(ExecScript.MostLength(request), ExecScript.Build(request, new ProcessMarker().Token, shell).Length, 25_000);
            }
    }

    [Fact]
    public void As_much_as_is_promised_fits_beside_what_is_sent_around_it()
    {
        var half = new string('x', ExecScript.PromisedText / 2);
        var request = new ExecRequest(half) { User = new string('u', 31), Directory = "/" + new string('d', 4095), Environment = Variables(("IT", half)) };
        Assert.InRange(ExecScript.Length(request), ExecScript.PromisedText, ExecScript.LongestText);
    }

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] all) => all.ToDictionary(it => it.Name, it => it.Value);
}
