using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

public sealed class NetworkRulesTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("""{"network": {"name": "nowhere"}}""", "/network/name network_unknown")]
    [InlineData("""{"nics": [{}, {"name": "nowhere", "address": "10.0.0.5"}]}""", "/nics/1/name network_unknown")]
    [InlineData("""{"network": {"address": "192.0.3.9"}}""", "/network/address address_outside_network")]
    [InlineData("""{"network": {"address": "192.0.2.0"}}""", "/network/address address_outside_network")]
    [InlineData("""{"network": {"address": "192.0.2.1"}}""", "/network/address address_outside_network")]
    [InlineData("""{"network": {"address": "192.0.2.255"}}""", "/network/address address_outside_network")]
    [InlineData("""{"network": {"name": "lan", "address": "192.0.2.9"}}""", "/network/address address_outside_network")]
    [InlineData("""{"network": {"name": "bridge", "address": "192.0.2.9"}}""", "/network/address network_without_dhcp")]
    [InlineData("""{"network": {"name": "x"}, "nics": [{"name": "bridge", "address": "10.0.0.5"}, {"name": "lan", "address": "10.0.0.6"}]}""",
        "/network/name network_unknown", "/nics/0/address network_without_dhcp", "/nics/1/address address_outside_network")]
    public async Task What_no_network_can_give_is_refused(string body, params string[] faults)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        var problem = await response.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(faults, problem.GetProperty("errors").EnumerateArray().Select(fault => $"{fault.Text("pointer")} {fault.Text("code")}"));
        Assert.Empty(app.Get<VmService>().List());
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"network": {"address": "192.0.2.9"}}""", """{"network": {"address": "192.0.2.9"}}""")]
    [InlineData("""{"network": {"address": "192.0.2.9"}}""", """{"network": {"name": "default", "address": "192.0.2.9"}}""")]
    [InlineData("""{"network": {"name": "default", "address": "192.0.2.9"}}""", """{"nics": [{"address": "192.0.2.9"}]}""")]
    [InlineData("""{"nics": [{}, {"name": "lan", "address": "198.51.100.9"}]}""", """{"network": {"name": "lan", "address": "198.51.100.9"}}""")]
    public async Task An_address_is_taken_by_a_VM_until_it_is_deleted(string first, string second)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var path = await http.CreateVmAsync(first);

        using var refused = await http.PostJsonAsync("/vms", second);
        var problem = await refused.ReadProblemAsync(HttpStatusCode.Conflict);
        Assert.Equal("address_taken", problem.Text("code"));
        Assert.Contains(path[5..], problem.Text("detail"), StringComparison.Ordinal);
        await http.DeleteVmAsync(path);
        await http.FollowAsync(path);

        await http.CreateVmAsync(second);
        gate.Open();
    }

    [Fact(Timeout = Limit)]
    public async Task Of_many_who_ask_for_one_address_at_once_one_gets_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => http.PostJsonAsync("/vms", """{"network": {"address": "192.0.2.9"}}""")));

        Assert.Equal([HttpStatusCode.Accepted, .. Enumerable.Repeat(HttpStatusCode.Conflict, 7)], answers.Select(answer => answer.StatusCode).Order());
        Assert.All(answers, answer => answer.Dispose());
    }

    [Fact(Timeout = Limit)]
    public async Task A_hypervisor_that_is_not_needed_is_not_asked()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.Faults.FailAt(nameof(INetworks.FindNetworkAsync), new InvalidOperationException("asked"));

        await http.CreateVmAsync("""{"network": {}, "nics": [{}]}""");
    }

    [Theory]
    [InlineData("192.168.122.1/24", "192.168.122.2", true)]
    [InlineData("10.1.2.3/8", "10.255.255.254", true)]
    [InlineData("10.1.2.3/8", "10.255.255.255", false)]
    [InlineData("10.0.0.1/30", "10.0.0.2", true)]
    [InlineData("10.0.0.1/30", "10.0.0.3", false)]
    [InlineData("10.0.0.1/30", "10.0.0.4", false)]
    [InlineData("10.0.0.1/32", "10.0.0.1", false)]
    [InlineData("10.0.0.1/24", "fd00::2", false)]
    public void A_subnet_knows_its_addresses(string cidr, string address, bool free) => Assert.Equal(free, Subnet4.Parse(cidr)!.IsFree(address));

    [Theory]
    [InlineData("fd00:12::1/64")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/0")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/x")]
    public void What_is_no_IPv4_subnet_is_none(string cidr) => Assert.Null(Subnet4.Parse(cidr));
}
