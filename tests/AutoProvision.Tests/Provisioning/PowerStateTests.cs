using System.Collections.Concurrent;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Steps;
using AutoProvision.Ssh;

namespace AutoProvision.Provisioning;

/// <summary>VMs whose user-data has a power_state: none is ready on its way down.</summary>
public sealed class PowerStateTests
{
    private const int Limit = 30_000;
    private const string Reboot = """{"name": "web", "userData": "#cloud-config\npower_state: {mode: reboot}\n"}""";
    private const string PowerOff = """{"name": "web", "userData": "#cloud-config\npower_state: {mode: poweroff}\n", "readinessChecks": [{"description": "up", "command": "is-up"}]}""";
    private const string Halt = """{"name": "web", "userData": "#cloud-config\npower_state: {mode: halt}\n"}""";
    private const string Lost = "";

    [Fact(Timeout = Limit)]
    public async Task One_that_restarts_is_ready_on_its_next_boot_and_checked_there()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        // The login works until the guest's sshd has ended, and what is asked then may be ended too.
        Say(host, "first\ndown\n", "first\n", Lost, "second\nstays\n");
        host.Guests.Answers["is-up"] = FakeAnswers.Of(0, "");
        var vm = await http.CreateVmAsync("""{"userData": "#cloud-config\npower_state: {mode: reboot, delay: now}\n", "readinessChecks": [{"description": "up", "command": "is-up"}]}""");
        for (var looks = 0; looks < 3; looks++)
            await host.Time.PassAsync(PowerFollower.Look);

        var events = await http.FollowUntilAsync(vm, "ready");

        Assert.Equal(
            ["The guest restarts, as the power_state of its user-data says; what follows is asked of its next boot.", "The guest has restarted, as the power_state of its user-data says.", "Holds: up"],
            Messages(events).Where(text => text.Contains("power_state", StringComparison.Ordinal) || text.StartsWith("Holds", StringComparison.Ordinal)));
        Assert.Equal(Faults.Steps, events.Where(item => item.EventType == "step.completed").Select(item => item.Data.Text("step")));
        Assert.Equal(1, host.Guests.OpenConnections);
    }

    [Fact(Timeout = Limit)]
    public async Task What_the_first_boot_complained_of_holds_after_the_restart()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n", "second\nstays\n");
        host.Guests.CloudInit = (attempt, _) => Task.FromResult(attempt == 1 ? FakeAnswers.CloudInitError : FakeAnswers.CloudInitDone);
        var vm = await http.CreateVmAsync(Reboot);
        await host.Time.PassAsync(PowerFollower.Look);

        Assert.Equal("cloud_init_errors", (await http.UntilAsync(vm, "degraded", "ready")).GetProperty("failure").Text("code"));
    }

    /// <summary>It restarts as soon as cloud-init has ended, and what that says of the first boot is gone on the next; its log stays.</summary>
    [Fact(Timeout = Limit)]
    public async Task What_the_first_boot_complained_of_is_told_though_nobody_could_ask_on_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "second\nstays\n");
        host.Guests.CloudInit = (attempt, _) => attempt == 1 ? Task.FromException<ExecResult>(SshFailures.GuestWentDown())
            : Task.FromResult(FakeAnswers.Warned("2026-12-01 10:00:00,123 - util.py[WARNING]: Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)"));
        var vm = await http.CreateVmAsync(Reboot);

        var failure = (await http.UntilAsync(vm, "degraded", "ready")).GetProperty("failure");

        Assert.Equal("cloud_init_errors", failure.Text("code"));
        Assert.Contains("Failed to run module scripts-user", failure.Text("cause"), StringComparison.Ordinal);
        Assert.Contains(host.Guests.Requests, request => request.Command == CloudInitProbe.ScriptForAllBoots);
    }

    /// <summary>Nobody knows it beforehand.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_guest_whose_own_commands_restart_it_is_waited_for()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (attempt, _) => attempt < 3 ? Task.FromException<ExecResult>(SshFailures.GuestWentDown()) : Task.FromResult(FakeAnswers.CloudInitDone);

        Assert.Equal("ready", (await http.UntilAsync(await http.CreateVmAsync("""{"runCommands": ["reboot"]}"""), "ready", "failed")).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task Who_waits_for_one_that_switches_itself_off_is_answered_when_it_has()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var made = http.OperateAsync("/vms", PowerOff);
        await gate.ReachedAsync();
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);

        await host.Time.PassUntilAsync(GuestWatch.Interval, StateAsync(made), "stopped");
    }

    /// <summary>As by a line of runcmd that touches /etc/cloud/cloud-init.disabled.</summary>
    [Fact(Timeout = Limit)]
    public async Task The_next_boot_may_be_without_cloud_init()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n", "second\nstays\n");
        host.Guests.CloudInit = (attempt, _) => Task.FromResult(attempt == 1 ? FakeAnswers.CloudInitDone : FakeAnswers.Of(0, "disabled\n"));
        var vm = await http.CreateVmAsync(Reboot);
        await host.Time.PassAsync(PowerFollower.Look);

        Assert.Equal("ready", (await http.UntilAsync(vm, "ready", "failed")).Text("state"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("cloud-init")]
    [InlineData("ssh")]
    [InlineData("address")]
    public async Task One_that_switches_itself_off_ends_up_stopped_wherever_the_service_waited_for_it(string step)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var vm = await http.CreateVmAsync(PowerOff);
        await gate.ReachedAsync();
        PowerDown(host);
        await WatchedAsync(host, http, vm, "stopped");

        var events = await http.FollowUntilAsync(vm, "stopped");
        var stopped = await http.GetJsonAsync(vm);

        Assert.Equal(("stopped", false), (stopped.Text("state"), stopped.TryGetProperty("failure", out _)));
        Assert.Equal("The guest switched itself off, as the power_state of its user-data says. cloud-init's end was not seen: nobody judged how it went.", events[^1].Data.Text("message"));
        // Nobody is there who could be asked.
        Assert.DoesNotContain(host.Guests.Requests, request => request.Command == "is-up");
        Assert.DoesNotContain(events, item => item.EventType is "step.failed" or "step.undone");
        Assert.Empty(host.Log.Troubles);
    }

    /// <summary>As by a host that restarts.</summary>
    [Fact(Timeout = Limit)]
    public async Task One_that_went_off_without_its_kernels_last_words_is_not_said_to_have_done_it_itself()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await http.CreateVmAsync(PowerOff);
        await gate.ReachedAsync();
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
        await WatchedAsync(host, http, vm, "stopped");

        var events = await http.FollowUntilAsync(vm, "stopped");

        Assert.Equal(
            "The guest is off, as the power_state of its user-data asks for; it was not seen whether it switched itself off or was cut off. cloud-init's end was not seen: nobody judged how it went.",
            events[^1].Data.Text("message"));
    }

    [Fact(Timeout = Limit)]
    public async Task One_whose_cloud_init_was_seen_to_end_is_said_to_have_switched_itself_off()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n");
        var vm = await http.CreateVmAsync(PowerOff);
        await host.Time.WaitedForAsync(PowerFollower.Look);
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
        await WatchedAsync(host, http, vm, "stopped");

        var events = await http.FollowUntilAsync(vm, "stopped");

        Assert.Equal("The guest switched itself off, as the power_state of its user-data says.", events[^1].Data.Text("message"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_was_cut_off_in_its_first_boot_while_the_service_was_down_is_made_again()
    {
        await using var host = new FakeHost();
        var first = host.Start();
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await before.CreateVmAsync(PowerOff);
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("cloud-init"));
        Boot(host, "second");
        Say(host, "second\nstays\n");
        host.Guests.Answers["is-up"] = FakeAnswers.Of(0, "");
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);

        using var http = (await host.KillAndStartAsync(first)).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready", "stopped", "failed");

        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.Contains("domain", events.Where(item => item.EventType == "step.undone").Select(item => item.Data.Text("step")));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_switched_itself_off_can_be_started_and_nobody_else_was_at_work()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        await SwitchedOffAsync(host, http);
        var vm = $"/vms/{host.Hypervisor.Domains.Keys.Single()}";

        Assert.Equal("ready", (await http.OperateAsync($"{vm}/start")).Text("state"));

        var events = await http.FollowAsync(vm, item => item.EventType == "operation.completed");
        Assert.DoesNotContain(events, item => item.Data.TryGetProperty("cause", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_went_off_as_asked_while_the_service_was_down_is_not_made_again()
    {
        await using var host = new FakeHost();
        var first = host.Start();
        using var before = first.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await before.CreateVmAsync(PowerOff);
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("cloud-init"));
        PowerDown(host);

        using var http = (await host.KillAndStartAsync(first)).CreateClient();
        await WatchedAsync(host, http, vm, "stopped");
        var events = await http.FollowUntilAsync(vm, "stopped");

        Assert.Equal(["cloud-init"], events.Where(item => item.EventType == "step.undone").Select(item => item.Data.Text("step")));
    }

    [Fact(Timeout = Limit)]
    public async Task Without_a_power_state_a_guest_that_goes_off_has_failed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await http.CreateVmAsync(Reboot);
        await gate.ReachedAsync();
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
        await WatchedAsync(host, http, vm, "failed");

        Assert.Equal("guest_stopped", (await http.GetJsonAsync(vm)).GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_halts_is_switched_off_once_its_kernel_has_ended()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await http.CreateVmAsync(Halt);
        await gate.ReachedAsync();
        var id = Assert.Single(host.Hypervisor.Domains.Keys);
        await host.Time.PassAsync(GuestWatch.Interval);
        Assert.Equal("provisioning", (await http.GetJsonAsync(vm)).Text("state"));
        host.Hypervisor.Consoles[id] = "[  OK  ] Reached target halt.target - System Halt.\r\n[   98.765432] reboot: System halted\r\n";

        await WatchedAsync(host, http, vm, "stopped");

        Assert.Equal(DomainPower.Stopped, host.Hypervisor.Domains[id].Info.Power);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_halts_and_says_nothing_on_its_console_is_switched_off_after_a_while()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n");
        Hang(host, PowerProbe.BootId, after: 1, "first\n");
        var off = host.Hypervisor.Faults.BlockAt(FakeHypervisor.Done(nameof(IDomainControl.SwitchOffAsync)));
        var vm = await http.CreateVmAsync(Halt);
        await host.Time.PassAsync(PowerFollower.Look);
        Assert.Equal(DomainPower.Running, Assert.Single(host.Hypervisor.Domains.Values).Info.Power);

        await host.Time.PassAsync(PowerFollower.HaltsWithin);
        await off.ReachedAsync();
        off.Open();

        await WatchedAsync(host, http, vm, "stopped");
        Assert.Equal(DomainPower.Stopped, Assert.Single(host.Hypervisor.Domains.Values).Info.Power);
    }

    /// <summary>Far longer than one that is silent is waited for.</summary>
    [Fact(Timeout = Limit)]
    public Task One_that_is_to_halt_and_goes_on_answering_is_not_switched_off() => StaysOnAsync(GuestWatch.Interval, "first\ndown\n", "first\nstays\n");

    [Fact(Timeout = Limit)]
    public Task One_that_is_to_halt_and_has_no_systemd_is_waited_for_a_while_and_not_switched_off() => StaysOnAsync(PowerFollower.Look, "first\nunknown\n");

    /// <summary>As by an sshd that was restarted.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_lost_connection_alone_is_no_restart()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, Lost, "first\nstays\n");
        var vm = await http.CreateVmAsync(Reboot);
        await host.Time.PassAsync(PowerFollower.Look);

        var events = await http.FollowUntilAsync(vm, "ready", "failed");

        Assert.DoesNotContain(Messages(events), text => text.StartsWith("The guest restarts", StringComparison.Ordinal));
        Assert.Contains("The guest stays up.", Messages(events));
    }

    [Fact(Timeout = Limit)]
    public async Task A_longer_delay_is_told_with_its_time()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        // The guest's clock need not be the host's.
        Say(host, "first\nscheduled 1700000600000000 1700000000\nAfter pid 812 ends, will execute: shutdown -r +10\n");

        var events = await http.FollowUntilAsync(await http.CreateVmAsync("""{"userData": "#cloud-config\npower_state: {mode: reboot, delay: 10}\n"}"""), "ready");

        var due = host.Time.GetUtcNow().AddMinutes(10).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        Assert.Contains($"The guest will go down at {due}, as the power_state of its user-data says.", Messages(events));
    }

    [Fact(Timeout = Limit)]
    public async Task A_condition_that_does_not_hold_leaves_the_VM_ready_on_its_first_boot()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\nstays\ncheck_condition command (test -e /run/now): exited 1. condition not met.\n");

        var events = await http.FollowUntilAsync(await http.CreateVmAsync("""{"userData": "#cloud-config\npower_state: {mode: poweroff, condition: test -e /run/now}\n"}"""), "ready", "stopped", "failed");

        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.Contains("The guest stays up; cloud-init says of its power_state: check_condition command (test -e /run/now): exited 1. condition not met.", Messages(events));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_without_systemd_is_waited_for_a_while()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\nunknown\n");
        var vm = http.UntilAsync(await http.CreateVmAsync(Reboot), "ready", "failed");

        await host.Time.PassUntilAsync(PowerFollower.Look, StateAsync(vm), "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_does_not_do_it_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        await SwitchedOffAsync(host, http);
        var vm = $"/vms/{host.Hypervisor.Domains.Keys.Single()}";

        using var answer = await http.PostJsonAsync($"{vm}/clone", """{"name": "copy"}""");
        await answer.ReadJsonAsync(System.Net.HttpStatusCode.Accepted);
        var copy = await http.UntilAsync(answer.Headers.Location!.OriginalString, "ready", "stopped", "failed");

        Assert.Equal("ready", copy.Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_is_killed_in_the_middle_of_the_restart_goes_on_with_it()
    {
        await using var host = new FakeHost();
        var first = host.Start();
        using var before = first.CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n");
        var vm = await before.CreateVmAsync(Reboot);
        await host.Time.WaitedForAsync(PowerFollower.Look);
        Boot(host, "second");
        Say(host, "second\nstays\n");
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Of(0, "disabled\n"));

        using var http = (await host.KillAndStartAsync(first)).CreateClient();
        var events = await http.FollowUntilAsync(vm, "ready", "failed");

        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.Contains("The guest has restarted, as the power_state of its user-data says.", Messages(events));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delete_in_the_middle_of_the_restart_leaves_nothing()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n");
        var vm = await http.CreateVmAsync(Reboot);
        await host.Time.WaitedForAsync(PowerFollower.Look);

        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Both_boots_are_within_cloud_inits_time()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, "first\ndown\n");
        var vm = await http.CreateVmAsync("""{"userData": "#cloud-config\npower_state: {mode: reboot}\n", "timeouts": {"cloudInitSeconds": 100}}""");
        await host.Time.WaitedForAsync(PowerFollower.Look);
        host.Time.Advance(TimeSpan.FromSeconds(100));

        var failure = (await http.UntilAsync(vm, "failed")).GetProperty("failure");

        Assert.Equal(("cloud_init_timeout", "cloud-init was not done, and its power_state not carried out, within 100 s."), (failure.Text("code"), failure.Text("cause")));
    }

    /// <summary>A VM that is to halt gets ready, and its domain runs on.</summary>
    private static async Task StaysOnAsync(TimeSpan between, params string[] says)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Boot(host, "first");
        Say(host, says);
        var vm = http.UntilAsync(await http.CreateVmAsync(Halt), "ready", "stopped", "failed");

        await host.Time.PassUntilAsync(between, StateAsync(vm), "ready");

        Assert.Equal(DomainPower.Running, Assert.Single(host.Hypervisor.Domains.Values).Info.Power);
    }

    private static async Task SwitchedOffAsync(FakeHost host, HttpClient http)
    {
        var gate = host.Steps.BlockAt(FaultyStep.Before("cloud-init"));
        var vm = await http.CreateVmAsync("""{"name": "web", "userData": "#cloud-config\npower_state: {mode: poweroff}\n"}""");
        await gate.ReachedAsync();
        host.Steps.Clear(FaultyStep.Before("cloud-init"));
        host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
        await WatchedAsync(host, http, vm, "stopped");
    }

    private static Task WatchedAsync(FakeHost host, HttpClient http, string vm, string state) =>
        host.Time.PassUntilAsync(GuestWatch.Interval, StateAsync(http.UntilAsync(vm, "stopped", "failed", "ready")), state);

    private static void PowerDown(FakeHost host)
    {
        var id = Assert.Single(host.Hypervisor.Domains.Keys);
        host.Hypervisor.Consoles[id] = "[  OK  ] Reached target poweroff.target - System Power Off.\r\n[   98.765432] reboot: Power down\r\n";
        host.Hypervisor.SetPower(id, DomainPower.Stopped);
    }

    private static void Hang(FakeHost host, string command, int after, string answer)
    {
        var asked = 0;
        host.Guests.Streams[command] = async (_, sink, cancellation) =>
        {
            if (Interlocked.Increment(ref asked) > after)
                await Task.Delay(Timeout.Infinite, cancellation);
            sink.Started(4711);
            sink.Stdout(Encoding.UTF8.GetBytes(answer));
            return new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false);
        };
    }

    private static void Boot(FakeHost host, string id) => host.Guests.Answers[PowerProbe.BootId] = FakeAnswers.Of(0, $"{id}\n");

    // The last answer is given again and again.
    private static void Say(FakeHost host, params string[] answers)
    {
        var left = new ConcurrentQueue<string>(answers);
        host.Guests.Streams[PowerProbe.Script] = (_, sink, _) =>
        {
            var answer = left.Count > 1 && left.TryDequeue(out var next) ? next : left.TryPeek(out var last) ? last : Lost;
            if (answer == Lost)
                throw SshFailures.GuestWentDown();
            sink.Started(4711);
            sink.Stdout(Encoding.UTF8.GetBytes(answer));
            return Task.FromResult(new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false));
        };
    }

    private static IEnumerable<string> Messages(IEnumerable<SseItem<JsonElement>> events) =>
        events.Where(item => item.EventType == "progress" && item.Data.TryGetProperty("message", out _)).Select(item => item.Data.Text("message"));

    private static async Task<string> StateAsync(Task<JsonElement> vm) => (await vm).Text("state");
}
