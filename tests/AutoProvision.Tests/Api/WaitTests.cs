using System.Net;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>Answers that are held until something is done.</summary>
public sealed class WaitTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task One_call_gives_a_ready_VM()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await PostAsync(http, "/vms", "respond-async, wait=100");

        Assert.Equal("ready", (await response.ReadJsonAsync(HttpStatusCode.Accepted)).Text("state"));
        Assert.Equal("wait=100", response.Headers.GetValues("Preference-Applied").Single());
    }

    [Fact(Timeout = Limit)]
    public async Task A_wait_that_is_over_leaves_the_VM_in_the_making()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("address"));

        var asked = PostAsync(http, "/vms", "wait=7");
        await gate.ReachedAsync();
        await host.Time.PassAsync(TimeSpan.FromSeconds(7));

        using var response = await asked;
        Assert.Equal("provisioning", (await response.ReadJsonAsync(HttpStatusCode.Accepted)).Text("state"));
        gate.Open();
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_fails_is_not_waited_for_any_longer()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Steps.FailAt(FaultyStep.Before("disk"), new Vms.FailureException("made_to_fail", "Made to fail.", "None."));

        using var response = await PostAsync(http, "/vms", "wait=100");
        var vm = await response.ReadJsonAsync(HttpStatusCode.Accepted);

        Assert.Equal("failed", vm.Text("state"));
        Assert.Equal("failed", (await http.GetJsonAsync($"/vms/{vm.Text("id")}?wait=ready")).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_is_read_once_it_is_as_wanted()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("address"));
        var path = await http.CreateVmAsync();
        await gate.ReachedAsync();

        var ready = http.GetJsonAsync($"{path}?wait=ready&timeoutSeconds=600");
        gate.Open();
        Assert.Equal("ready", (await ready).Text("state"));
        var gone = http.GetJsonAsync($"{path}?wait=deleted");
        await http.DeleteVmAsync(path);

        Assert.Equal("deleted", (await gone).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_is_read_once_it_is_stopped_or_the_time_is_over()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var path = await http.ReadyVmAsync();

        var late = http.GetJsonAsync($"{path}?wait=stopped&timeoutSeconds=7");
        await host.Time.PassAsync(TimeSpan.FromSeconds(7));
        Assert.Equal("ready", (await late).Text("state"));
        var stopped = http.GetJsonAsync($"{path}?wait=stopped&timeoutSeconds=600");
        await host.Time.WaitedForAsync(TimeSpan.FromSeconds(600));
        await http.OperateAsync($"{path}/stop");

        Assert.Equal("stopped", (await stopped).Text("state"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_cannot_be_waited_for_is_refused()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var path = await http.CreateVmAsync();

        using var refused = await http.GetAsync(new Uri($"{path}?wait=happy&timeoutSeconds=0", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(["/timeoutSeconds", "/wait"], (await refused.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path, string prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Prefer", prefer);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
