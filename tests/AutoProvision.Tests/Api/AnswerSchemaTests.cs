using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Api;

/// <summary>What the service answers against what its document says that it answers.</summary>
public sealed class AnswerSchemaTests
{
    private const int Limit = 30_000;
    private const string Problem = "application/problem+json";

    [Fact(Timeout = Limit)]
    public async Task A_VM_is_as_described_from_its_request_to_its_use()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");

        using var accepted = await http.PostJsonAsync("/vms", "{}");
        schema.Check(await accepted.ReadJsonAsync(HttpStatusCode.Accepted), "POST /vms", "202");
        var vm = accepted.Headers.Location!.OriginalString;
        schema.Check(await http.UntilAsync(vm, "ready"), "GET /vms/{id}", "200");
        schema.Check(await http.GetJsonAsync("/vms"), "GET /vms", "200");
        schema.Check(await http.GetJsonAsync($"{vm}/ssh"), "GET /vms/{id}/ssh", "200");
        schema.Check(await http.GetJsonAsync($"{vm}/files/stat?path=/etc"), "GET /vms/{id}/files/stat", "200");
        using var exec = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        schema.Check(await exec.ReadJsonAsync(), "POST /vms/{id}/exec", "200");
        foreach (var what in await http.StreamExecAsync(vm, """{"shell": "true"}"""))
            schema.Check(what.Data, "POST /vms/{id}/exec", "200", "text/event-stream");
        foreach (var what in await http.FollowAsync(vm, item => item.Data.Text("state") == "ready"))
            schema.Check(what.Data, "GET /vms/{id}/events", "200", "text/event-stream");
        foreach (var what in await http.FollowAllAsync("?from=oldest", null, item => item.Data.Text("state") == "ready"))
            schema.Check(what.Data, "GET /events", "200", "text/event-stream");
    }

    [Fact(Timeout = Limit)]
    public async Task Operations_and_snapshots_are_as_described()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        var vm = await http.ReadyVmAsync();
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.CreateSnapshotAsync));

        using (var begun = await http.PostJsonAsync($"{vm}/snapshots", """{"name": "first"}"""))
            schema.Check(await begun.ReadJsonAsync(HttpStatusCode.Accepted), "POST /vms/{id}/snapshots", "202");
        gate.Open();
        await http.FollowAsync(vm, item => item.EventType == "operation.completed");
        schema.Check(await http.OperateAsync($"{vm}/stop"), "POST /vms/{id}/stop", "202");
        schema.Check(await http.GetJsonAsync($"{vm}/snapshots"), "GET /vms/{id}/snapshots", "200");
        schema.Check(await http.GetJsonAsync($"{vm}/snapshots/first"), "GET /vms/{id}/snapshots/{name}", "200");
        foreach (var what in await http.FollowAsync(vm, item => item.Data.Text("state") == "stopped"))
            schema.Check(what.Data, "GET /vms/{id}/events", "200", "text/event-stream");
    }

    [Fact(Timeout = Limit)]
    public async Task A_failed_VM_and_a_failed_image_are_as_described()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        File.Delete(host.ImagePath);

        var failed = await http.UntilAsync(await http.CreateVmAsync(), "failed");

        Assert.Equal("image_missing", failed.GetProperty("failure").Text("code"));
        schema.Check(failed, "GET /vms/{id}", "200");
        schema.Check(await http.GetJsonAsync("/images"), "GET /images", "200");
    }

    [Theory(Timeout = Limit)]
    [InlineData(false, "200")]
    [InlineData(true, "503")]
    public async Task The_host_is_as_described_up_or_down(bool isDown, string readiness)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        host.Hypervisor.IsDown = isDown;

        schema.Check(await http.GetJsonAsync("/host"), "GET /host", "200");
        schema.Check(await http.GetJsonAsync("/images"), "GET /images", "200");
        schema.Check(await http.GetJsonAsync("/healthz"), "GET /healthz", "200");
        schema.Check(await http.GetJsonAsync("/readyz", isDown ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK), "GET /readyz", readiness);
    }

    [Fact(Timeout = Limit)]
    public async Task Webhooks_are_as_described()
    {
        await using var host = new FakeHost();
        // Nobody listens there.
        using var http = host.Start(("Webhooks:Endpoints:ci:Url", "http://127.0.0.1:1/"), ("Webhooks:Endpoints:ci:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());
        await http.UntilAsync(await http.CreateVmAsync(), "ready");
        await host.Time.WaitedForAsync(Webhooks.WebhookBackoff.Delay(new Webhooks.WebhooksOptions(), "ci", 1, null));

        var webhooks = await http.GetJsonAsync("/webhooks");

        Assert.Equal("webhook_unreachable", webhooks[0].GetProperty("failure").Text("code"));
        schema.Check(webhooks, "GET /webhooks", "200");
    }

    [Fact(Timeout = Limit)]
    public async Task Refusals_are_as_described()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var schema = new DocumentSchema(await DocumentOperations.ReadAsync());

        using var invalid = await http.PostJsonAsync("/vms", """{"name": "-", "colour": "red"}""");
        schema.Check(await invalid.ReadProblemAsync(HttpStatusCode.BadRequest), "POST /vms", "400", Problem);
        using var unknown = await http.GetAsync(new Uri("/vms/nonsense", UriKind.Relative), TestContext.Current.CancellationToken);
        schema.Check(await unknown.ReadProblemAsync(HttpStatusCode.NotFound), "GET /vms/{id}", "404", Problem);
    }
}
