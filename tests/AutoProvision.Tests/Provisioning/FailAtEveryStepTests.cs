using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>Whatever breaks, and wherever: the VM says why, and nothing of it is left.</summary>
public sealed class FailAtEveryStepTests
{
    private const int Limit = 30_000;
    private static readonly (string, string) WithAgent = ("Ssh:UseAgent", "true");

    public static TheoryData<string, string> EveryPoint => Faults.EveryPoint();

    public static TheoryData<string> HypervisorMethods => [
        nameof(IHypervisor.CreateSeedAsync), nameof(IHypervisor.CreateDiskAsync), nameof(IHypervisor.CreateDomainAsync), nameof(IHypervisor.WaitForAddressAsync)];

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task A_known_failure(string step, string moment)
    {
        await using var host = new FakeHost();
        using var http = host.Start(WithAgent).CreateClient();
        host.Steps.FailAt(Faults.Point(step, moment), Faults.Known);

        var vm = await FailAsync(host, http);

        AssertFailed(vm, step, "made_to_fail");
        Assert.StartsWith("the evidence", vm.GetProperty("failure").Text("evidence"), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task An_unexpected_exception(string step, string moment)
    {
        await using var host = new FakeHost();
        using var http = host.Start(WithAgent).CreateClient();
        host.Steps.FailAt(Faults.Point(step, moment), new InvalidOperationException("nobody thought of this"));

        AssertFailed(await FailAsync(host, http), step, "internal_error");
    }

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task A_cancellation_that_nobody_asked_for(string step, string moment)
    {
        await using var host = new FakeHost();
        using var http = host.Start(WithAgent).CreateClient();
        host.Steps.FailAt(Faults.Point(step, moment), new TaskCanceledException("some client gave up"));

        AssertFailed(await FailAsync(host, http), step, "internal_error");
    }

    [Theory(Timeout = Limit), MemberData(nameof(EveryPoint))]
    public async Task A_deadline_that_passes(string step, string moment)
    {
        await using var host = new FakeHost();
        var app = host.Start(WithAgent);
        using var http = app.CreateClient();
        var limits = app.Get<IEnumerable<IStep>>().Single(it => it.Name == step);
        var gate = host.Steps.BlockAt(Faults.Point(step, moment));
        var path = await http.CreateVmAsync();
        await gate.ReachedAsync();

        var vm = app.Get<VmService>().Get(path[5..]);
        host.Time.Advance(limits.Timeout(vm));

        AssertFailed(await http.UntilAsync(path, "failed"), step, limits.TimedOut(vm).Code);
        Assert.Empty(host.Traces);
    }

    [Theory(Timeout = Limit), MemberData(nameof(HypervisorMethods))]
    public async Task A_hypervisor_that_goes_away_once_it_has_done_its_work(string method)
    {
        await using var host = new FakeHost();
        using var http = host.Start(WithAgent).CreateClient();
        host.Hypervisor.Faults.FailAt(FakeHypervisor.Done(method), Faults.Known);

        Assert.Equal("made_to_fail", (await FailAsync(host, http)).GetProperty("failure").Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task The_console_is_shown_once_there_is_a_domain()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Faults.Known);

        var vm = await http.UntilAsync(await http.CreateVmAsync("""{"name": "web"}"""), "failed");

        Assert.Equal("the evidence\n--- console ---\nweb login: ", vm.GetProperty("failure").Text("evidence"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_console_that_cannot_be_read_hides_no_failure()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Steps.FailAt(FaultyStep.After("domain"), Faults.Known);
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.ReadConsoleAsync), new UnauthorizedAccessException("console.log"));

        AssertFailed(await FailAsync(host, http), "domain", "made_to_fail");
    }

    [Fact(Timeout = Limit)]
    public async Task A_name_taken_by_someone_else_meanwhile_leaves_theirs_alone()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var path = await http.CreateVmAsync("""{"name": "web"}""");
        await gate.ReachedAsync();
        var foreign = host.Hypervisor.AddForeign("web");
        gate.Open();

        AssertFailed(await http.UntilAsync(path, "failed"), "domain", "name_taken");

        Assert.Equal([$"domain {foreign.Id} web"], host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task The_same_failure_stands_in_the_VM_and_in_its_events()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Steps.FailAt(FaultyStep.After("disk"), Faults.Known);
        var path = await http.CreateVmAsync();

        var events = await http.FollowUntilAsync(path, "failed");

        var failure = (await http.GetJsonAsync(path)).GetProperty("failure").GetRawText();
        Assert.Equal(failure, events.Single(item => item.EventType == "step.failed").Data.GetProperty("failure").GetRawText());
        Assert.Equal(failure, events[^1].Data.GetProperty("failure").GetRawText());
    }

    private static async Task<JsonElement> FailAsync(FakeHost host, HttpClient http)
    {
        var vm = await http.UntilAsync(await http.CreateVmAsync(), "failed");
        Assert.Empty(host.Traces);
        return vm;
    }

    private static void AssertFailed(JsonElement vm, string step, string code)
    {
        var failure = vm.GetProperty("failure");
        Assert.Equal(("failed", step, code), (vm.Text("state"), failure.Text("step"), failure.Text("code")));
        Assert.All([failure.Text("cause"), failure.Text("hint")], Assert.NotEmpty);
        Assert.Empty(vm.GetProperty("leftovers").EnumerateArray());
    }
}
