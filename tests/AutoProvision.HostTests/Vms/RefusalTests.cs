using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AutoProvision.HostTests.Support;

namespace AutoProvision.HostTests.Vms;

/// <summary>What real libvirt makes the service refuse.</summary>
public sealed class RefusalTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_foreign_domain_keeps_its_name_and_is_not_touched()
    {
        var id = Guid.NewGuid();
        var xml = Path.Combine(Path.GetTempPath(), $"autoprovision-foreign-{id:N}.xml");
        await File.WriteAllTextAsync(xml,
            $"<domain type='qemu'><name>foreign-{id:N}</name><uuid>{id}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>", Cancellation);
        await Tool.VirshAsync("define", xml);
        try
        {
            await using var app = new HostApp();
            using var answer = await app.CreateClient().PostAsJsonAsync("/vms", new { name = $"foreign-{id:N}" }, Cancellation);

            await ShowProblem(answer, HttpStatusCode.Conflict, "name_taken");
            Assert.Contains(id.ToString(), await Tool.VirshAsync("list", "--all", "--uuid"));
            Assert.Empty(await app.CreateClient().GetFromJsonAsync<JsonElement[]>("/vms", Cancellation) ?? []);
        }
        finally
        {
            await Tool.VirshAsync("undefine", id.ToString());
            File.Delete(xml);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_libvirt_a_request_is_refused_with_a_hint_and_nothing_is_made()
    {
        await using var app = new HostApp(new() { ["Libvirt:Uri"] = "qemu+unix:///system?socket=/nowhere/libvirt-sock" });
        using var answer = await app.CreateClient().PostAsJsonAsync("/vms", new { name = "unlucky" }, Cancellation);

        await ShowProblem(answer, HttpStatusCode.ServiceUnavailable, "hypervisor_unavailable");
        using var ready = await app.CreateClient().GetAsync("/readyz", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Empty(await app.CreateClient().GetFromJsonAsync<JsonElement[]>("/vms", Cancellation) ?? []);
        Assert.False(Directory.Exists(Path.Combine(app.DataDirectory, "keys")));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task ShowProblem(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(status == answer.StatusCode, text);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("hint").GetString()!);
    }
}
