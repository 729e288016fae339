using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning;

namespace AutoProvision.Api;

public sealed class OrphanTests
{
    private const int Limit = 30_000;

    [Theory]
    [InlineData("0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", true)]
    [InlineData("ffffffff-ffff-7fff-bfff-ffffffffffff", false)]
    [InlineData("0199c1a2-7d3e-4b1a-9f53-0c2d6a1e8b47", false)]
    public void An_id_tells_since_when_if_it_can(string id, bool tells) =>
        Assert.Equal(tells, OrphanResource.From(new Orphan(Guid.Parse(id), null, null, null, [])).Since is not null);

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_the_journal_lost_is_shown_and_removed_only_on_request()
    {
        await using var host = new FakeHost();
        var first = host.Start();
        using var before = first.CreateClient();
        var lost = (await before.UntilAsync(await before.CreateVmAsync("""{"name": "lost"}"""), "ready")).Text("id");
        await first.DisposeAsync();
        foreach (var file in Directory.GetFiles(host.DataDirectory, "journal.db*"))
            File.Delete(file);
        using var http = host.Start().CreateClient();
        var kept = await http.CreateVmAsync();
        await http.UntilAsync(kept, "ready");
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());

        var orphans = await http.GetJsonAsync("/host/orphans");

        schema.Check(orphans, "GET /host/orphans", "200");
        var orphan = Assert.Single(orphans.EnumerateArray());
        Assert.Equal((lost, "lost", "running"), (orphan.Text("id"), orphan.Text("name"), orphan.Text("power")));
        Assert.Equal(host.Time.GetUtcNow(), orphan.GetProperty("since").GetDateTimeOffset());
        var files = orphan.GetProperty("files").EnumerateArray().Select(file => file.GetString()!).ToList();
        Assert.All((string[])[$"/pool/{lost}.qcow2", $"/pool/{lost}.seed.iso", Path.Combine(host.DataDirectory, "keys", lost, "id_ed25519")], file => Assert.Contains(file, files));
        Assert.Equal(2, host.Hypervisor.Domains.Count);
        host.Hypervisor.Reservations[host.Hypervisor.Domains[Guid.Parse(lost)].Mac] = "192.0.2.77";

        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync($"/host/orphans/{lost}")).Status);

        Assert.Empty((await http.GetJsonAsync("/host/orphans")).EnumerateArray());
        Assert.Equal("ready", (await http.GetJsonAsync(kept)).Text("state"));
        Assert.DoesNotContain(host.Traces, trace => trace.Contains(lost, StringComparison.Ordinal));
        await http.DeleteVmAsync(kept);
        await http.FollowAsync(kept);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Neither_a_VM_nor_a_foreign_domain_is_one_and_both_stay_as_they_are()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = (await http.UntilAsync(await http.CreateVmAsync(), "ready")).Text("id");
        var foreign = host.Hypervisor.AddForeign("theirs").Id.ToString();
        var before = host.Traces;

        Assert.Empty((await http.GetJsonAsync("/host/orphans")).EnumerateArray());
        foreach (var id in (string[])[vm, foreign, $"{Guid.NewGuid()}", "nonsense"])
            await AssertNotFoundAsync(http, id);

        Assert.Equal(before, host.Traces);
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Files_alone_are_one_too(bool inPool)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var id = Guid.NewGuid();
        if (inPool)
            host.Hypervisor.Disks[id] = 10;
        else
            app.Get<VmAccess>().Keys(id).Write(Ssh.SshKeyPair.Generate("lost"));

        var orphan = Assert.Single((await http.GetJsonAsync("/host/orphans")).EnumerateArray());
        Assert.Equal(["files", "id"], orphan.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.NotEmpty(orphan.GetProperty("files").EnumerateArray());
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync($"/host/orphans/{id}")).Status);

        Assert.Empty(host.Traces);
        await AssertNotFoundAsync(http, $"{id}");
    }

    [Fact(Timeout = Limit)]
    public async Task Keys_with_the_id_of_a_foreign_domain_go_without_it()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var foreign = host.Hypervisor.AddForeign("theirs");
        app.Get<VmAccess>().Keys(foreign.Id).Write(Ssh.SshKeyPair.Generate("lost"));

        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync($"/host/orphans/{foreign.Id}")).Status);

        Assert.Equal([$"domain {foreign.Id} theirs"], host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_hypervisor_that_is_down_is_said_so_and_the_orphan_can_be_removed_later()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var id = Guid.NewGuid();
        host.Hypervisor.Domains[id] = new FakeDomain(new DomainInfo(id, "lost", DomainPower.Stopped), "52:54:00:00:00:01");
        host.Hypervisor.Leases["52:54:00:00:00:01"] = "192.0.2.77";
        host.Hypervisor.IsDown = true;
        using (var refused = await http.DeleteAsync(new Uri($"/host/orphans/{id}", UriKind.Relative), TestContext.Current.CancellationToken))
            Assert.Equal("hypervisor_unavailable", (await refused.ReadProblemAsync(HttpStatusCode.ServiceUnavailable)).Text("code"));
        host.Hypervisor.IsDown = false;

        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync($"/host/orphans/{id}")).Status);

        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Each_is_logged_once_and_a_VM_that_is_just_made_or_deleted_never()
    {
        var interval = TimeSpan.FromSeconds(67);
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:ReconcileInterval", "00:01:07")).CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.FindOrphansAsync));
        await host.Time.PassAsync(interval);
        await gate.ReachedAsync();
        await http.DeleteVmAsync(vm);
        await http.FollowAsync(vm);
        host.Hypervisor.Disks[Guid.NewGuid()] = 10;
        host.Hypervisor.Faults.Clear(nameof(IHypervisor.FindOrphansAsync));
        gate.Open();

        for (var round = 0; round < 3; round++)
            await host.Time.PassAsync(interval);
        await host.Time.WaitedForAsync(interval);

        Assert.Contains("DELETE /host/orphans/", Assert.Single(host.Log.Troubles), StringComparison.Ordinal);
    }

    private static async Task AssertNotFoundAsync(HttpClient http, string id)
    {
        using var response = await http.DeleteAsync(new Uri($"/host/orphans/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("orphan_not_found", (await response.ReadProblemAsync(HttpStatusCode.NotFound)).Text("code"));
    }
}
