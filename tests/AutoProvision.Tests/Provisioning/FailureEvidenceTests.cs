using System.Text;
using AutoProvision.CloudInit;
using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Provisioning;

/// <summary>What a step that ran out of time leaves to be read.</summary>
public sealed class FailureEvidenceTests
{
    private const int Limit = 30_000;
    private const string Said = "--- processes ---\n 812 apt-get update\n--- cloud-init-output.log ---\nHit:1 http://mirror.example";

    [Theory(Timeout = Limit)]
    [InlineData("cloud-init", "cloudInitSeconds", "cloud_init_timeout")]
    [InlineData("ssh", "sshSeconds", "ssh_timeout")]
    public async Task Where_SSH_works_the_guest_itself_is_asked_what_it_waits_for(string step, string field, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers[FailureEvidence.Question] = FakeAnswers.Of(0, Said + "\n");

        var failure = await RunOutOfTimeAsync(host, http, step, field);

        Assert.Equal(code, failure.Text("code"));
        Assert.StartsWith(Said + "\n--- console ---\n", failure.Text("evidence"), StringComparison.Ordinal);
        // Whatever the login shell is.
        Assert.True(Assert.Single(host.Guests.Requests, request => request.Command == FailureEvidence.Question).IsOwn);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true, ServiceAccount.Name)]
    [InlineData(false, "tester")]
    public async Task The_services_own_account_is_tried_before_the_user(bool isKnown, string account)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.KnowsServiceAccount = isKnown;
        host.Guests.Answers[FailureEvidence.Question] = FakeAnswers.Of(0, Said);

        Assert.StartsWith(Said, (await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds")).Text("evidence"), StringComparison.Ordinal);

        Assert.Equal([account], host.Guests.Logins);
        Assert.Equal(0, host.Guests.OpenConnections);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_whose_console_is_silent_is_asked_too()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers[FailureEvidence.Question] = FakeAnswers.Of(0, Said);

        Assert.Equal(Said, (await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds", console: "")).Text("evidence"));
    }

    /// <summary>What came over SSH is told; where nothing did, the guest agent still has its time.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(Said, "something else")]
    [InlineData("", Said)]
    public async Task A_guest_that_hangs_over_SSH_does_not_take_up_all_of_the_time(string overSsh, string byAgent)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Hypervisor.AgentAnswer = byAgent;
        host.Guests.Streams[FailureEvidence.Question] = async (_, sink, token) =>
        {
            sink.Started(4711);
            sink.Stdout(Encoding.UTF8.GetBytes(overSsh));
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false);
        };

        var failure = await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds", meanwhile: async () =>
        {
            await asked.Task;
            host.Time.Advance(FailureEvidence.SshPatience);
        });

        Assert.StartsWith(Said + "\n--- console ---\n", failure.Text("evidence"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Where_it_does_not_the_guests_agent_is()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.OtherHostKey = SshKeyPair.Generate("another machine").PublicOpenSsh;
        host.Hypervisor.AgentAnswer = Said;

        Assert.StartsWith(Said + "\n--- console ---\n", (await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds")).Text("evidence"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Where_neither_answers_the_console_is_left_without_its_tables()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.OtherHostKey = SshKeyPair.Generate("another machine").PublicOpenSsh;
        var console = $"[  OK  ] Started cron.service\n{string.Concat(Enumerable.Repeat("ci-info: +--------+-------+\n", 100))}[ ***  ] A start job is running";

        Assert.Equal("--- console ---\n[  OK  ] Started cron.service\n[ ***  ] A start job is running", (await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds", console)).Text("evidence"));
    }

    /// <summary>The very script, on this machine.</summary>
    [Fact]
    public void The_question_is_answered_by_what_runs()
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", FailureEvidence.Question]) { RedirectStandardOutput = true })!;
        var answer = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Matches(@"\A--- processes ---\n(.*\n)+--- cloud-init-output\.log ---\n", answer);
    }

    private static async Task<System.Text.Json.JsonElement> RunOutOfTimeAsync(FakeHost host, HttpClient http, string step, string field, string? console = null, Func<Task>? meanwhile = null)
    {
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var vm = await http.CreateVmAsync($$"""{"timeouts": {"{{field}}": 7} }""");
        await gate.ReachedAsync();
        if (console is not null)
            host.Hypervisor.Consoles[Assert.Single(host.Hypervisor.Domains.Keys)] = console;
        host.Time.Advance(TimeSpan.FromSeconds(7));
        if (meanwhile is not null)
            await meanwhile();
        return (await http.UntilAsync(vm, "failed")).GetProperty("failure");
    }
}
