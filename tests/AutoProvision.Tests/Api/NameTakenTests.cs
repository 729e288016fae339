using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class NameTakenTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_name_is_taken_by_a_VM_until_it_is_deleted()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var first = await http.CreateVmAsync("""{"name": "web"}""");
        await http.UntilAsync(first, "ready");

        using var second = await http.PostJsonAsync("/vms", """{"name": "web"}""");
        Assert.Equal("name_taken", (await second.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
        await http.DeleteVmAsync(first);
        await http.FollowAsync(first);

        await http.UntilAsync(await http.CreateVmAsync("""{"name": "web"}"""), "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task A_name_is_taken_by_a_domain_of_someone_else_which_stays_as_it_is()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.AddForeign("web");
        var before = host.Traces;

        using var response = await http.PostJsonAsync("/vms", """{"name": "web"}""");

        Assert.Equal("name_taken", (await response.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
        Assert.Equal(before, host.Traces);
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
    }
}
