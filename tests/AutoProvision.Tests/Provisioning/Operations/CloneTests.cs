using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning.Operations;

public sealed class CloneTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_is_a_VM_of_its_own(bool isStopped)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync("""{"name": "one", "diskGiB": 3, "disks": [{"name": "data", "sizeGiB": 2}], "network": {"address": "192.0.2.77"}, "labels": {"a": "1"}}""");
        if (isStopped)
            await http.OperateAsync($"{source}/stop");
        var before = await http.GetJsonAsync(source);

        var copy = await http.GetJsonAsync(await CloneAsync(http, source, """{"name": "two", "memoryMiB": 2048, "labels": {"b": "2"}}"""));
        var after = await http.GetJsonAsync(source);

        Assert.Equal(("two", before.Text("id"), 2048, 3), (copy.Text("name"), copy.Text("cloneOf"), copy.GetProperty("memoryMiB").GetInt32(), copy.GetProperty("diskGiB").GetInt32()));
        Assert.All((string[])["id", "mac", "hostKey", "publicKey", "address"], member => Assert.NotEqual(before.Text(member), copy.Text(member)));
        Assert.Equal(["b"], copy.GetProperty("labels").EnumerateObject().Select(label => label.Name));
        Assert.Equal([2], host.Hypervisor.DataDisks[copy.GetProperty("id").GetGuid()]);
        Assert.Equal((isStopped ? "stopped" : "ready", false), (after.Text("state"), after.TryGetProperty("operation", out _)));
        Assert.Equal(isStopped ? DomainPower.Stopped : DomainPower.Running, host.Hypervisor.Domains[before.GetProperty("id").GetGuid()].Info.Power);
        foreach (var vm in (string[])[source, $"/vms/{copy.Text("id")}"])
        {
            await http.DeleteVmAsync(vm);
            await http.FollowAsync(vm);
        }
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_does_not_need_the_catalogues_image()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync();
        File.Delete(host.ImagePath);

        await CloneAsync(http, source, "{}");

        Assert.Equal(2, host.Hypervisor.Disks.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task The_source_stands_still_only_while_it_is_copied_whatever_becomes_of_the_copy()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync();
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.CopyDisksAsync), new Vms.FailureException("disk_failed", "qemu-img failed.", "None."));

        using var response = await http.PostJsonAsync($"{source}/clone", "{}");
        var copy = await http.UntilAsync(response.Headers.Location!.OriginalString, "failed");

        Assert.Equal("disk_failed", copy.GetProperty("failure").Text("code"));
        Assert.Equal(DomainPower.Running, host.Hypervisor.Domains.Values.Single().Info.Power);
        var after = await http.GetJsonAsync(source);
        Assert.Equal(("ready", false), (after.Text("state"), after.TryGetProperty("operation", out _)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_does_not_take_the_addresses_that_its_sources_network_config_gives()
    {
        const string Config = "version: 2\nethernets: {all: {match: {name: \"e*\"}, addresses: [192.0.2.99/24]}}";
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync(JsonSerializer.Serialize(new { networkConfig = Config }));

        var copy = await CloneAsync(http, source, "{}");
        var other = await CloneAsync(http, source, JsonSerializer.Serialize(new { networkConfig = Config.Replace("99", "98", StringComparison.Ordinal) }));

        Assert.DoesNotContain("192.0.2.", host.Hypervisor.Seeds[Guid.Parse(copy.Split('/')[^1])].NetworkConfig, StringComparison.Ordinal);
        Assert.Contains("192.0.2.98/24", host.Hypervisor.Seeds[Guid.Parse(other.Split('/')[^1])].NetworkConfig, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_source_that_somebody_ends_while_it_is_copied_is_not_busy_for_ever(bool isRemoved)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync();
        var copying = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.CopyDisksAsync));
        using var response = await http.PostJsonAsync($"{source}/clone", "{}");
        await copying.ReachedAsync();

        var id = Guid.Parse(source.Split('/')[^1]);
        if (isRemoved)
            host.Hypervisor.Domains.TryRemove(id, out _);
        else
            host.Hypervisor.SetPower(id, DomainPower.Stopped);
        copying.Open();
        await http.UntilAsync(response.Headers.Location!.OriginalString, "ready", "failed");

        Assert.False((await http.GetJsonAsync(source)).TryGetProperty("operation", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_waits_for_a_source_that_is_busy_and_keeps_it_busy_itself()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync();
        var snapshot = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));
        var copying = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.CopyDisksAsync));
        using (await http.PostJsonAsync($"{source}/snapshots", "{}"))
            await snapshot.ReachedAsync();

        using var response = await http.PostJsonAsync($"{source}/clone", "{}");
        var copy = response.Headers.Location!.OriginalString;
        await http.FollowAsync(copy, item => item.EventType == "step.started" && item.Data.Text("step") == "disk");
        snapshot.Open();
        await copying.ReachedAsync();
        Assert.Equal("vm_busy", (await http.RefusedAsync($"{source}/stop", "{}", HttpStatusCode.Conflict)).Text("code"));
        copying.Open();

        await http.UntilAsync(copy, "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_that_is_killed_while_it_copies_makes_the_copy_and_lets_the_source_go_on()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var source = await http.ReadyVmAsync();
        var copying = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.CopyDisksAsync));
        using var response = await http.PostJsonAsync($"{source}/clone", "{}");
        var copy = response.Headers.Location!.OriginalString;
        await copying.ReachedAsync();

        await host.KillAsync(app);
        host.Hypervisor.SetPower(Guid.Parse(source.Split('/')[^1]), DomainPower.Paused);
        copying.Open();
        var next = host.Start();
        using var again = next.CreateClient();
        await again.UntilAsync(copy, "ready");

        var after = await again.GetJsonAsync(source);
        Assert.Equal(("ready", false), (after.Text("state"), after.TryGetProperty("operation", out _)));
        Assert.All(host.Hypervisor.Domains.Values, domain => Assert.Equal(DomainPower.Running, domain.Info.Power));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_fault_of_a_copy_is_named_and_the_same_key_makes_one_copy()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var source = await http.ReadyVmAsync("""{"diskGiB": 3}""");

        var problem = await http.RefusedAsync($"{source}/clone", """{"name": "A b", "cpus": 0, "memoryMiB": 1, "diskGiB": 2, "networkConfig": "version: 9", "labels": {"-": ""}, "expiresIn": "soon"}""", HttpStatusCode.BadRequest);
        Assert.Equal(["/cpus", "/diskGiB", "/expiresIn", "/labels/-", "/memoryMiB", "/name", "/networkConfig"], problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
        http.DefaultRequestHeaders.Add("Idempotency-Key", "k-1");
        var first = await CloneAsync(http, source, """{"name": "two"}""");

        Assert.Equal(first, await CloneAsync(http, source, """{"name": "two"}"""));
        Assert.Equal("idempotency_key_reused", (await http.RefusedAsync($"{first}/clone", """{"name": "two"}""", HttpStatusCode.UnprocessableEntity)).Text("code"));
    }

    private static async Task<string> CloneAsync(HttpClient http, string source, string json)
    {
        using var response = await http.PostJsonAsync($"{source}/clone", json);
        await response.ReadJsonAsync(HttpStatusCode.Accepted);
        await http.UntilAsync(response.Headers.Location!.OriginalString, "ready");
        return response.Headers.Location!.OriginalString;
    }
}
