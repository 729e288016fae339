using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class QueuePositionTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task VMs_that_wait_show_their_place_and_move_up()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "1")).CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        var vms = new List<string> { await http.CreateVmAsync() };
        await gate.ReachedAsync();
        for (var place = 1; place <= 3; place++)
        {
            using var response = await http.PostJsonAsync("/vms", "{}");
            var accepted = await response.ReadJsonAsync(HttpStatusCode.Accepted);
            schema.Check(accepted, "POST /vms", "202");
            Assert.Equal(place, Place(accepted));
            vms.Add(response.Headers.Location!.OriginalString);
        }

        Assert.Equal([null, 1, 2, 3], await PlacesAsync(http, vms));
        await http.DeleteVmAsync(vms[1]);
        await http.FollowAsync(vms[1]);
        Assert.Equal([null, null, 1, 2], await PlacesAsync(http, vms));
        Assert.Equal([null, 1, 2], (await http.GetJsonAsync("/vms")).EnumerateArray().Select(Place));
        gate.Open();
        await http.UntilAsync(vms[3], "ready");
        Assert.Equal([null, null, null, null], await PlacesAsync(http, vms));
    }

    private static async Task<int?[]> PlacesAsync(HttpClient http, List<string> vms) =>
        await Task.WhenAll(vms.Select(async vm => Place(await http.GetJsonAsync(vm))));

    private static int? Place(JsonElement vm) => vm.TryGetProperty("queuePosition", out var place) ? place.GetInt32() : null;
}
