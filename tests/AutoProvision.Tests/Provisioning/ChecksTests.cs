using AutoProvision.Fakes;
using AutoProvision.Provisioning.Steps;
using AutoProvision.Ssh;

namespace AutoProvision.Provisioning;

/// <summary>Readiness checks of the caller's own.</summary>
public sealed class ChecksTests
{
    private const int Limit = 30_000;
    private const string Two = """
        {"readinessChecks": [
          {"description": "The disk is there.", "command": "test -b /dev/vdb"},
          {"description": "The web server answers.", "command": "curl -sf localhost", "timeoutSeconds": 2, "hint": "Look at nginx."}
        ]}
        """;

    [Fact(Timeout = Limit)]
    public async Task Checks_that_hold_are_told_in_their_order_before_the_VM_is_ready()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(0, "");
        host.Guests.Answers["curl -sf localhost"] = FakeAnswers.Of(0, "hello");

        var events = await http.FollowUntilAsync(await http.CreateVmAsync(Two), "ready");

        Assert.Equal(["Holds: The disk is there.", "Holds: The web server answers."], events
            .Where(item => item.EventType == "progress" && item.Data.Text("step") == "checks").Select(item => item.Data.Text("message")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_check_is_tried_until_it_holds()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(1, "");
        host.Guests.Answers["curl -sf localhost"] = FakeAnswers.Of(0, "");
        var path = await http.CreateVmAsync(Two);
        var ready = http.UntilAsync(path, "ready", "failed");

        await host.Time.PassAsync(ChecksStep.RetryInterval);
        await host.Time.PassAsync(ChecksStep.RetryInterval);
        await host.Time.WaitedForAsync(ChecksStep.RetryInterval);
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(0, "");
        await host.Time.PassAsync(ChecksStep.RetryInterval);

        Assert.Equal("ready", (await ready).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_check_that_never_holds_fails_the_VM_in_the_callers_words()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(0, "");
        host.Guests.Answers["curl -sf localhost"] = FakeAnswers.Of(22, "some page\n", "curl: (22) 503\n");
        var failed = http.UntilAsync(await http.CreateVmAsync(Two), "failed", "ready");

        for (var attempt = 0; attempt < 3; attempt++)
            await host.Time.PassAsync(ChecksStep.RetryInterval);

        var failure = (await failed).GetProperty("failure");
        Assert.Equal(("readiness_check_failed", "checks"), (failure.Text("code"), failure.Text("step")));
        Assert.Equal("The readiness check \"The web server answers.\" did not succeed within 2 s. The command's exit code was 22.", failure.Text("cause"));
        Assert.StartsWith("Look at nginx. ", failure.Text("hint"), StringComparison.Ordinal);
        Assert.StartsWith("some page\ncurl: (22) 503", failure.Text("evidence"), StringComparison.Ordinal);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_pause_that_ends_too_late_is_followed_by_a_last_try()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(0, "");
        host.Guests.Answers["curl -sf localhost"] = FakeAnswers.Of(22, "");
        var failed = http.UntilAsync(await http.CreateVmAsync(Two), "failed", "ready");

        await host.Time.WaitedForAsync(ChecksStep.RetryInterval);
        host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("readiness_check_failed", (await failed).GetProperty("failure").Text("code"));
        Assert.Equal(2, host.Guests.Requests.Count(request => request.Command == "curl -sf localhost"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_command_that_is_ended_by_its_time_says_so()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["sleep 9"] = new ExecResult(null, null, "begun", "", TimeSpan.FromSeconds(1), TimedOut: true, Truncated: false);

        var failed = http.UntilAsync(await http.CreateVmAsync("""{"readinessChecks": [{"description": "a", "command": "sleep 9", "timeoutSeconds": 1}]}"""), "failed");
        await host.Time.PassAsync(ChecksStep.RetryInterval);

        var vm = await failed;
        Assert.Contains("ended because the time was over", vm.GetProperty("failure").Text("cause"), StringComparison.Ordinal);
        Assert.StartsWith("begun", vm.GetProperty("failure").Text("evidence"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_is_not_known_to_have_ended_is_not_said_to_have()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["sleep 9"] = new ExecResult(null, null, "begun", "", TimeSpan.FromSeconds(1), TimedOut: true, Truncated: false) { MayStillRun = true };

        var failed = http.UntilAsync(await http.CreateVmAsync("""{"readinessChecks": [{"description": "a", "command": "sleep 9", "timeoutSeconds": 1}]}"""), "failed");
        await host.Time.PassAsync(ChecksStep.RetryInterval);

        Assert.Contains("did not confirm that the command has ended", (await failed).GetProperty("failure").Text("cause"), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData('x', 65_536)]
    // As fish or tcsh is given it.
    [InlineData('\'', 4_000)]
    public async Task A_check_that_is_longer_than_can_be_sent_is_refused_with_the_request(char letter, int count)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var refused = await http.PostJsonAsync("/vms", $$"""{"readinessChecks": [{"description": "a", "command": ": {{new string(letter, count)}}"}]}""");

        var fault = Assert.Single((await refused.ReadProblemAsync(System.Net.HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal("/readinessChecks/0/command command_too_long", $"{fault.Text("pointer")} {fault.Text("code")}");
    }

    [Fact(Timeout = Limit)]
    public async Task Checks_are_begun_anew_after_a_restart()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        host.Guests.Answers["test -b /dev/vdb"] = FakeAnswers.Of(0, "");
        host.Guests.Answers["curl -sf localhost"] = FakeAnswers.Of(0, "");
        var gate = host.Steps.BlockAt(FaultyStep.After("checks"));
        var path = await http.CreateVmAsync(Two);
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.After("checks"));

        using var next = (await host.KillAndStartAsync(app)).CreateClient();

        Assert.Equal("ready", (await next.UntilAsync(path, "ready", "failed")).Text("state"));
    }
}
