using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class HostEndpointTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Ready_says_what_is_missing_while_alive_stays_alive()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        Assert.Equal("ok", (await http.GetJsonAsync("/readyz")).Text("status"));

        host.Hypervisor.IsDown = true;

        var unready = await http.GetJsonAsync("/readyz", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("unready", unready.Text("status"));
        Assert.Equal("hypervisor_unavailable", Assert.Single(unready.GetProperty("problems").EnumerateArray()).Text("code"));
        Assert.Equal("ok", (await http.GetJsonAsync("/healthz")).Text("status"));
    }

    [Fact(Timeout = Limit)]
    public async Task Host_shows_the_preflight()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var report = await http.GetJsonAsync("/host");

        Assert.Equal("emulation", report.GetProperty("accelerator").Text("kind"));
        Assert.Equal("There is no /dev/kvm.", report.GetProperty("accelerator").Text("reason"));
        Assert.Equal("virbr0", report.GetProperty("network").Text("bridge"));
        Assert.Equal(1024, report.GetProperty("pool").GetProperty("freeMiB").GetInt32());
    }

    [Fact(Timeout = Limit)]
    public async Task Images_are_the_catalogue_with_what_is_here()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var images = (await http.GetJsonAsync("/images")).EnumerateArray().ToDictionary(image => image.Text("name"));

        Assert.Equal(("file", "tester", "available"), (images["tiny"].Text("source"), images["tiny"].Text("user"), images["tiny"].Text("state")));
        Assert.Equal(("build", "absent"), (images["debian-12"].Text("source"), images["debian-12"].Text("state")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_host_without_room_for_any_VM_is_not_ready_until_it_has_some()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var room = host.Hypervisor.Room;
        host.Hypervisor.Room = room with { DiskFreeMiB = 10 };

        var unready = await http.GetJsonAsync("/readyz", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("disk_full", Assert.Single(unready.GetProperty("problems").EnumerateArray()).Text("code"));
        host.Hypervisor.Room = room;
        Assert.Equal("ok", (await http.GetJsonAsync("/readyz")).Text("status"));
    }
}
