using System.Net;
using System.Security.Cryptography;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>POST /vms with an Idempotency-Key: sent again, it makes nothing again.</summary>
public sealed class IdempotencyTests
{
    private const int Limit = 30_000;
    private const string Body = """{"name": "web", "cpus": 1}""";

    [Fact]
    public void A_request_that_older_versions_knew_has_the_fingerprint_that_they_gave_it() => Assert.Equal(
        Convert.ToHexStringLower(SHA256.HashData("""{"name":"web","user":"ops","runCommands":["true"],"networkConfig":"version: 2"}"""u8)),
        IdempotencyKey.For("k", new VmRequest { Name = "web", User = "ops", RunCommands = ["true"], NetworkConfig = "version: 2" }, [])!.Fingerprint);

    [Fact(Timeout = Limit)]
    public async Task The_same_key_and_body_give_the_same_VM_in_every_state_of_its_life()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var (first, id) = await PostAsync(http, "k", Body);
        Assert.False(first.Headers.Contains("Idempotent-Replayed"));
        await gate.ReachedAsync();

        Assert.Equal((id, "provisioning"), await ReplayAsync(http, Body));
        gate.Open();
        await http.UntilAsync($"/vms/{id}", "ready");
        // Neither spaces nor order make another body.
        Assert.Equal((id, "ready"), await ReplayAsync(http, """{ "cpus": 1, "memoryMiB": null, "name":"web" }"""));
        await http.DeleteVmAsync($"/vms/{id}");
        await http.FollowAsync($"/vms/{id}");
        Assert.Equal((id, "deleted"), await ReplayAsync(http, Body));
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
    }

    [Fact(Timeout = Limit)]
    public async Task Another_body_under_the_same_key_is_refused()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        await PostAsync(http, "k", Body);

        using var response = await SendAsync(http, "k", """{"name": "web", "cpus": 2}""");

        Assert.Equal("idempotency_key_reused", (await response.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code"));
        Assert.Single((await http.GetJsonAsync("/vms")).EnumerateArray());
    }

    [Fact(Timeout = Limit)]
    public async Task Requests_at_the_same_time_make_one_VM()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Hypervisor.Faults.BlockAt(nameof(FakeHypervisor.FindDomainAsync));
        var sent = Enumerable.Range(0, 10).Select(_ => PostAsync(http, "k", Body)).ToList();
        for (var arrived = 0; arrived < sent.Count; arrived++)
            await gate.ReachedAsync();

        gate.Open();
        var ids = (await Task.WhenAll(sent)).Select(answer => answer.Id).Distinct();

        Assert.Equal(Assert.Single(ids), Assert.Single((await http.GetJsonAsync("/vms")).EnumerateArray()).Text("id"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_key_outlives_the_service()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var before = app.CreateClient();
        var (_, id) = await PostAsync(before, "k", Body);

        using var http = (await host.KillAndStartAsync(app)).CreateClient();

        Assert.Equal(id, (await ReplayAsync(http, Body)).Id);
    }

    [Fact(Timeout = Limit)]
    public async Task A_refused_request_uses_no_key()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.IsDown = true;
        using (var refused = await SendAsync(http, "k", Body))
            await refused.ReadProblemAsync(HttpStatusCode.ServiceUnavailable);
        host.Hypervisor.IsDown = false;

        var (response, _) = await PostAsync(http, "k", """{"name": "other"}""");

        Assert.False(response.Headers.Contains("Idempotent-Replayed"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_key_stands_for_its_VM_for_24_hours_and_then_for_a_new_one()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var (_, id) = await PostAsync(http, "k", Body);
        await http.UntilAsync($"/vms/{id}", "ready");
        await http.DeleteVmAsync($"/vms/{id}");
        await http.FollowAsync($"/vms/{id}");

        host.Time.Advance(TimeSpan.FromHours(23));
        Assert.Equal((id, "deleted"), await ReplayAsync(http, Body));
        host.Time.Advance(TimeSpan.FromHours(2));
        var (response, other) = await PostAsync(http, "k", Body);

        Assert.False(response.Headers.Contains("Idempotent-Replayed"));
        Assert.NotEqual(id, other);
    }

    [Theory(Timeout = Limit)]
    [InlineData("caf\u00e9")]
    [InlineData("a,b")]
    [InlineData("too long")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await SendAsync(http, key == "too long" ? new string('k', 256) : key, Body);

        var problem = await response.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal("idempotency_key_invalid", Assert.Single(problem.GetProperty("errors").EnumerateArray()).Text("code"));
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"name": "-Bad"}""", "/Idempotency-Key", "/name")]
    [InlineData("""{"name": 5}""", "/Idempotency-Key", "/name")]
    public async Task A_bad_key_is_named_with_all_other_faults(string body, params string[] pointers)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await SendAsync(http, "a,b", body);

        var problem = await response.ReadProblemAsync(HttpStatusCode.BadRequest);
        Assert.Equal(pointers, problem.GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer")).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_copys_key_outlives_its_source()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:DeletedRetention", "00:10:00")).CreateClient();
        var source = await http.ReadyVmAsync();
        var (_, id) = await PostAsync(http, "k", "{}", $"{source}/clone");
        await http.UntilAsync($"/vms/{id}", "ready");
        await http.DeleteVmAsync(source);
        await http.FollowAsync(source);
        host.Time.Advance(TimeSpan.FromMinutes(11));
        await http.CreateVmAsync();
        using (var gone = await http.GetAsync(new Uri(source, UriKind.Relative), TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        var (again, same) = await PostAsync(http, "k", "{}", $"{source}/clone");

        Assert.Equal((id, "true"), (same, Assert.Single(again.Headers.GetValues("Idempotent-Replayed"))));
    }

    private static async Task<(HttpResponseMessage Response, string Id)> PostAsync(HttpClient http, string key, string body, string path = "/vms")
    {
        var response = await SendAsync(http, key, body, path);
        var vm = await response.ReadJsonAsync(HttpStatusCode.Accepted);
        Assert.Equal($"/vms/{vm.Text("id")}", response.Headers.Location!.OriginalString);
        return (response, vm.Text("id"));
    }

    private static async Task<(string Id, string State)> ReplayAsync(HttpClient http, string body)
    {
        using var response = await SendAsync(http, "k", body);
        var vm = await response.ReadJsonAsync(HttpStatusCode.Accepted);
        Assert.Equal("true", Assert.Single(response.Headers.GetValues("Idempotent-Replayed")));
        return (vm.Text("id"), vm.Text("state"));
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, string key, string body, string path = "/vms")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
