using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class VmLifeTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_request_without_a_body_asks_for_a_VM_of_every_default()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostAsync("/vms", null, TestContext.Current.CancellationToken);

        Assert.StartsWith("vm-", (await response.ReadJsonAsync(HttpStatusCode.Accepted)).Text("name"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task One_call_gives_a_VM_that_runs_commands_and_one_more_removes_all_of_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Ssh:UseAgent", "true")).CreateClient();
        host.Guests.Answers["uname '-a b'"] = FakeAnswers.Of(3, "Linux\n", "oops\n");

        using var created = await http.PostJsonAsync("/vms", """{"name": "web"}""");
        var vm = await created.ReadJsonAsync(HttpStatusCode.Accepted);
        var path = $"/vms/{vm.Text("id")}";
        Assert.Equal(path, created.Headers.Location?.OriginalString);
        var ready = await http.UntilAsync(path, "ready");
        Assert.Equal(("web", "tiny", "tester", "192.0.2.2"), (ready.Text("name"), ready.Text("image"), ready.Text("user"), ready.Text("address")));
        Assert.Single(host.Tools.AgentKeys);
        Assert.Equal(["web"], (await http.GetJsonAsync("/vms")).EnumerateArray().Select(it => it.Text("name")));

        using var ran = await http.PostJsonAsync($"{path}/exec", """{"command": ["uname", "-a b"]}""");
        var answer = await ran.ReadJsonAsync();
        Assert.Equal((3, "Linux\n", "oops\n", 12), (answer.GetProperty("exitCode").GetInt32(), answer.Text("stdout"), answer.Text("stderr"), answer.GetProperty("durationMs").GetInt32()));

        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(path)).Status);
        var all = await http.FollowAsync(path);
        Assert.Equal("deleted", all[^1].Data.Text("state"));
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteVmAsync(path)).Status);
        Assert.Equal("deleted", (await http.GetJsonAsync(path)).Text("state"));
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
        Assert.Empty(host.Traces);
        Assert.Empty(host.Log.Troubles);
    }
}
