using System.Net;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

public sealed class GuestWentDownTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_command_that_the_guests_shutdown_ended_has_no_answer()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Streams["work"] = (_, sink, _) =>
        {
            sink.Started(4711);
            sink.Stdout(Encoding.UTF8.GetBytes("half"));
            throw SshFailures.GuestWentDown();
        };

        Assert.Equal("guest_went_down", (await http.RefusedAsync($"{vm}/exec", """{"shell": "work"}""", HttpStatusCode.BadGateway)).Text("code"));
        var events = await http.StreamExecAsync(vm, """{"shell": "work"}""");

        Assert.Equal(["started", "stdout", "error"], events.Select(item => item.EventType));
        Assert.Equal(("guest_went_down", 502), (events[^1].Data.Text("code"), events[^1].Data.GetProperty("status").GetInt32()));
    }

    /// <summary>A guest that ends its network first says nothing: its domain does.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(true, "guest_went_down")]
    [InlineData(false, "ssh_connection_lost")]
    public async Task A_connection_that_is_lost_with_the_domain_is_lost_with_the_guest(bool isOff, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Streams["work"] = (_, _, _) =>
        {
            if (isOff)
                host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
            throw SshFailures.ConnectionLost(FakeSsh.Target, new IOException("cut"));
        };

        Assert.Equal(code, (await http.RefusedAsync($"{vm}/exec", """{"shell": "work"}""", HttpStatusCode.BadGateway)).Text("code"));
    }

    /// <summary>A guest that was silent after a command was killed: only its domain can say why.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(true, true, HttpStatusCode.BadGateway)]
    [InlineData(true, false, HttpStatusCode.OK)]
    [InlineData(false, true, HttpStatusCode.OK)]
    public async Task A_kill_that_the_guest_does_not_explain_is_the_commands_own_unless_the_domain_is_off(bool isUnexplained, bool isOff, HttpStatusCode status)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Streams["work"] = (_, sink, _) =>
        {
            if (isOff)
                host.Hypervisor.SetPower(Assert.Single(host.Hypervisor.Domains.Keys), DomainPower.Stopped);
            sink.Started(4711);
            return Task.FromResult(new ExecEnd(137, null, TimeSpan.Zero, TimedOut: false) { IsUnexplained = isUnexplained });
        };

        using var answer = await http.PostJsonAsync($"{vm}/exec", """{"shell": "work"}""");

        Assert.Equal(status, answer.StatusCode);
    }
}
