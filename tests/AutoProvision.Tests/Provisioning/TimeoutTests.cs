using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>A VM's own limits.</summary>
public sealed class TimeoutTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("image", "imageSeconds", "image_timeout", "Image")]
    [InlineData("domain", "domainSeconds", "domain_timeout", "Domain")]
    [InlineData("address", "addressSeconds", "address_timeout", "Address")]
    [InlineData("ssh", "sshSeconds", "ssh_timeout", "Ssh")]
    [InlineData("cloud-init", "cloudInitSeconds", "cloud_init_timeout", "CloudInit")]
    public async Task A_VMs_own_limit_holds_for_it_alone(string step, string field, string code, string setting)
    {
        await using var host = new FakeHost();
        using var http = host.Start(($"Provisioning:Timeouts:{setting}", "00:00:20")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var own = await http.CreateVmAsync($$"""{"name": "own", "timeouts": {"{{field}}": 7} }""");
        var other = await http.CreateVmAsync("""{"name": "other"}""");
        await gate.ReachedAsync();
        await gate.ReachedAsync();

        host.Time.Advance(TimeSpan.FromSeconds(7));
        var failure = (await http.UntilAsync(own, "failed")).GetProperty("failure");
        Assert.Equal((code, step), (failure.Text("code"), failure.Text("step")));
        Assert.Contains($"own limit of 7 s held: timeouts.{field}", failure.Text("hint"), StringComparison.Ordinal);
        Assert.Equal("provisioning", (await http.GetJsonAsync(other)).Text("state"));
        host.Time.Advance(TimeSpan.FromSeconds(13));

        failure = (await http.UntilAsync(other, "failed")).GetProperty("failure");
        Assert.Equal((code, step), (failure.Text("code"), failure.Text("step")));
        Assert.Contains($"limit of 20 s held: Provisioning:Timeouts:{setting}; timeouts.{field}", failure.Text("hint"), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData(7, "domain_timeout")]
    [InlineData(6, "tool_timeout")]
    public async Task A_tool_that_is_not_cut_off_but_ended_by_the_limit_has_its_name(int seconds, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        TimeSpan? given = null;
        host.Hypervisor.Creating = spec => given = spec.Limit;
        host.Hypervisor.Faults.DoAt(nameof(IHypervisor.CreateDomainAsync), _ =>
        {
            host.Time.Advance(TimeSpan.FromSeconds(seconds));
            throw new FailureException("tool_timeout", "virt-install did not finish.", "Look at libvirt's log.", "virt-install --name own");
        });

        var failure = (await http.UntilAsync(await http.CreateVmAsync("""{"timeouts": {"domainSeconds": 7}}"""), "failed")).GetProperty("failure");

        Assert.Equal((code, "virt-install --name own"), (failure.Text("code"), failure.Text("evidence")));
        Assert.Equal(TimeSpan.FromSeconds(7), given);
    }
}
