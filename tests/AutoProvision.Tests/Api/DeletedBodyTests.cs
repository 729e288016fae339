using System.Net;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>What is left of a VM that is deleted.</summary>
public sealed class DeletedBodyTests
{
    private const int Limit = 30_000;
    private const string Secret = "SECRET";

    private const string Body = $$"""
        { "name": "web", "cpus": 1, "labels": { "team": "a" }, "authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl {{Secret}}"],
          "files": [{ "path": "/large", "content": "{{Secret}}" }], "runCommands": ["echo {{Secret}}"], "bootCommands": ["echo {{Secret}}"],
          "userData": "#!/bin/sh\necho {{Secret}}", "environment": { "TOKEN": "{{Secret}}" },
          "readinessChecks": [{ "description": "{{Secret}}", "command": "true" }], "disks": [{ "name": "data", "sizeGiB": 2 }] }
        """;

    // What changes when a VM is deleted.
    private static readonly string[] Changing = ["state", "version", "deletedAt"];

    [Fact(Timeout = Limit)]
    public async Task A_deleted_VM_reads_as_before_and_has_no_files_commands_or_user_data_in_memory_or_in_the_journal()
    {
        await using var host = new FakeHost();
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        var app = host.Start(Rounds.Settings);
        using var http = app.CreateClient();
        var vm = await CreateAsync(http);
        var before = await http.UntilAsync(vm, "ready", "failed");
        Assert.Equal("ready", before.Text("state"));
        Assert.Contains(Secret, JsonSerializer.Serialize(app.Get<VmStore>().Find(Rounds.Id(vm))!.Spec), StringComparison.Ordinal);
        await Rounds.DeleteAsync(http, vm);

        var after = await http.GetJsonAsync(vm);

        Assert.Equal("deleted", after.Text("state"));
        Assert.Equal(Members(before), Members(after));
        Assert.Equal(Members(after), Members((await http.GetJsonAsync("/vms?state=deleted"))[0]));
        Assert.Equal(Members(after), Members(await CreatedAsync(http)));
        Assert.DoesNotContain(Secret, JsonSerializer.Serialize(app.Get<VmStore>().Find(Rounds.Id(vm))), StringComparison.Ordinal);
        using var again = (await host.KillAndStartAsync(app, Rounds.Settings)).CreateClient();
        Assert.Equal(after.GetRawText(), (await again.GetJsonAsync(vm)).GetRawText());
        Assert.Equal(Members(after), Members(await CreatedAsync(again)));
    }

    [Fact(Timeout = Limit)]
    public async Task The_key_of_a_deleted_VM_still_tells_bodies_apart()
    {
        await using var host = new FakeHost();
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        using var http = host.Start(Rounds.Settings).CreateClient();
        var vm = await CreateAsync(http);
        await http.UntilAsync(vm, "ready", "failed");
        await Rounds.DeleteAsync(http, vm);

        using var other = await SendAsync(http, Body.Replace("/large", "/other", StringComparison.Ordinal));

        Assert.Equal("idempotency_key_reused", (await other.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code"));
    }

    private static string[] Members(JsonElement vm) =>
        [.. vm.EnumerateObject().Where(member => !Changing.Contains(member.Name)).Select(member => member.ToString()).Order(StringComparer.Ordinal)];

    private static async Task<string> CreateAsync(HttpClient http) => $"/vms/{(await CreatedAsync(http)).Text("id")}";

    private static async Task<JsonElement> CreatedAsync(HttpClient http)
    {
        using var response = await SendAsync(http, Body);
        return await response.ReadJsonAsync(HttpStatusCode.Accepted);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/vms") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", "k");
        return http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
