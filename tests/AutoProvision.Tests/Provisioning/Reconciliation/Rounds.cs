using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Rounds of the reconciliation, and VMs to have them with.</summary>
internal static class Rounds
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(67);
    public static readonly (string, string)[] Settings = [("Provisioning:ReconcileInterval", "00:01:07"), ("Ssh:UseAgent", "true")];

    public static async Task<string> ReadyAsync(HttpClient http)
    {
        var vm = await http.CreateVmAsync();
        Assert.Equal("ready", (await http.UntilAsync(vm, "ready", "failed")).Text("state"));
        return vm;
    }

    public static async Task DeleteAsync(HttpClient http, string vm)
    {
        await http.DeleteVmAsync(vm);
        Assert.Equal("deleted", (await http.FollowAsync(vm))[^1].Data.Text("state"));
    }

    // A round has ended when the wait for the next one begins, and then what it began.
    public static async Task RoundsAsync(FakeHost host, AutoProvisionApp app, int count)
    {
        for (var round = 0; round < count; round++)
        {
            await host.Time.PassAsync(Interval);
            await host.Time.WaitedForAsync(Interval);
            await app.Get<SideJobs>().EndAsync();
        }
    }

    public static Guid Id(string vm) => Guid.Parse(vm["/vms/".Length..]);

    public static IEnumerable<string> States(IEnumerable<SseItem<JsonElement>> events) =>
        events.Where(item => item.EventType == "state").Select(item => item.Data.Text("state"));

    public static string Message(SseItem<JsonElement> item) => item.Data.TryGetProperty("message", out var message) ? message.GetString()! : "";
}
