using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>A guest that restarts itself at the end of cloud-init, and later switches itself off under a command.</summary>
public sealed class PowerStateTests
{
    // At once: before anybody can see how the first boot went.
    private const string UserData = """
        #cloud-config
        runcmd:
        - cp /proc/sys/kernel/random/boot_id /root/first-boot
        - exit 7
        power_state: {mode: reboot, message: once more}
        """;

    [Fact(Timeout = 900_000)]
    public async Task A_guest_that_restarts_itself_is_ready_on_its_next_boot_and_a_command_that_its_shutdown_ends_has_failed()
    {
        await using var app = new HostApp();
        var created = await app.CreateAsync(new
        {
            name = "restarting",
            image = Debian.Image,
            userData = UserData,
            readinessChecks = new[] { new { description = "on another boot", command = "! sudo cmp -s /root/first-boot /proc/sys/kernel/random/boot_id" } },
        });

        var vm = await app.WaitUntilMadeAsync(created.Id);

        Assert.True(vm is { State: VmState.Degraded, Failure.Code: "cloud_init_errors" }, JsonSerializer.Serialize(vm));
        Assert.Equal("36\n0\n", (await app.ExecAsync(vm.Id, "sudo cat /root/first-boot | tr -d '\\n' | wc -c; sudo cat /root/first-boot /proc/sys/kernel/random/boot_id | uniq -d | wc -l")).Stdout);
        Assert.Contains(await app.HistoryAsync(vm.Id), what => what.Message == "The guest has restarted, as the power_state of its user-data says.");
        await WentDownAsync(app, vm.Id);
        await app.DeleteAsync(vm.Id);
    }

    private static async Task WentDownAsync(HostApp app, Guid id)
    {
        var shared = PostAsync(app, id, "sleep 100; echo done", "application/json");
        var streamed = PostAsync(app, id, "echo begun; sleep 100", "text/event-stream");
        // Both run before the guest is asked to go down.
        await app.ExecAsync(id, "until [ $(pgrep -cx sleep) -ge 2 ]; do sleep 0.2; done; sudo systemctl poweroff --no-block");

        var (status, answer) = await shared;
        Assert.True(status == HttpStatusCode.BadGateway, answer);
        Assert.Equal("guest_went_down", JsonElement.Parse(answer).GetProperty("code").GetString());
        Assert.Contains("event: error\n", (await streamed).Text, StringComparison.Ordinal);
        Assert.Contains("\"guest_went_down\"", (await streamed).Text, StringComparison.Ordinal);
        var off = await app.UntilAsync(id, what => what is { Type: VmEventType.State, State: VmState.Stopped });
        Assert.Equal((EventCause.External, DomainPower.Stopped), (off.Cause, off.Power));
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(HostApp app, Guid id, string shell, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/vms/{id}/exec") { Content = JsonContent.Create(new { shell }) };
        request.Headers.Accept.ParseAdd(accept);
        using var answer = await app.CreateClient().SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
