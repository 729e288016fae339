using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Api.DocumentOperations;

namespace AutoProvision.Api;

/// <summary>The refusals that the document shows, against those that there are.</summary>
public sealed class ProblemExampleTests
{
    private const int Limit = 30_000;

    // Refused by the framework or by the shape of a request: their status does not come from their code.
    private static readonly string[] Without = ["bad_request", "body_too_large", "invalid_request"];

    [Fact(Timeout = Limit)]
    public async Task Every_code_is_one_that_is_answered_with_that_status() => Check(await ReadAsync(), (operation, report) =>
    {
        foreach (var (status, code) in Examples(operation).Where(example => !Without.Contains(example.Code)))
            report(Problems.StatusOf(code) == int.Parse(status), $"shows {code} for {status}");
    });

    [Fact(Timeout = Limit)]
    public async Task What_is_the_matter_of_one_operation_is_shown_at_no_other()
    {
        var document = await ReadAsync();

        Assert.Equal(["cloneVm", "createVm"], Showing("name_taken", "idempotency_key_reused", "queue_full"));
        Assert.Equal(["execInVm", "openTerminal"], Showing("ssh_sessions_exhausted", "exec_user_refused"));
        Assert.Equal(["execInVm", "getVmSsh", "openTerminal", "readFile", "statFile"], Showing("vm_not_ready"));
        Assert.Equal(["deleteFile", "readFile", "statFile", "writeFile"], Showing("guest_disk_full", "file_permission_denied"));

        IEnumerable<string> Showing(params string[] codes) => Operations(document).Where(entry => Examples(entry.Operation).Any(example => codes.Contains(example.Code)))
            .Select(entry => entry.Operation.Text("operationId")).Order(StringComparer.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Refusals_are_as_shown()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var document = await ReadAsync();
        var vm = await http.ReadyVmAsync("""{"name": "web-1"}""");

        await RefusedAsync("POST", "/vms", "/vms", """{"name": "web-1"}""", HttpStatusCode.Conflict);
        await RefusedAsync("DELETE", $"{vm}/files?path=/home", "/vms/{id}/files", null, HttpStatusCode.Conflict);
        await RefusedAsync("GET", $"{vm}/files?path=/nowhere", "/vms/{id}/files", null, HttpStatusCode.NotFound);
        await RefusedAsync("GET", $"{vm}/snapshots/before-upgrade", "/vms/{id}/snapshots/{name}", null, HttpStatusCode.NotFound);
        var room = host.Hypervisor.Room;
        host.Hypervisor.Room = room with { DiskFreeMiB = 1024 };
        await RefusedAsync("POST", $"{vm}/resize", "/vms/{id}/resize", """{"diskGiB": 1000}""", HttpStatusCode.InsufficientStorage);
        host.Hypervisor.Room = room;
        await http.OperateAsync($"{vm}/snapshots", """{"name": "before-upgrade"}""");
        await RefusedAsync("POST", $"{vm}/snapshots", "/vms/{id}/snapshots", """{"name": "before-upgrade"}""", HttpStatusCode.Conflict);
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IDomainControl.AskToShutDownAsync));
        using (await http.PostJsonAsync($"{vm}/stop", "{}"))
            await gate.ReachedAsync();
        await RefusedAsync("POST", $"{vm}/restart", "/vms/{id}/restart", "{}", HttpStatusCode.Conflict);
        await RefusedAsync("GET", $"{vm}/ssh", "/vms/{id}/ssh", null, HttpStatusCode.Conflict);
        await http.DeleteVmAsync(vm);
        await RefusedAsync("PATCH", vm, "/vms/{id}", "{}", HttpStatusCode.Conflict);
        await RefusedAsync("POST", $"{vm}/clone", "/vms/{id}/clone", "{}", HttpStatusCode.Conflict);
        await RefusedAsync("POST", $"{vm}/stop", "/vms/{id}/stop", "{}", HttpStatusCode.Conflict);
        gate.Open();

        async Task RefusedAsync(string method, string address, string path, string? json, HttpStatusCode status)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            var problem = await response.ReadProblemAsync(status);
            var shown = Examples(Operations(document).Single(entry => entry.Name == $"{method} {path}").Operation).Single(example => example.Status == $"{(int)status}").Code;
            Assert.Equal(($"{method} {path}", shown), ($"{method} {path}", problem.Text("code")));
        }
    }

    private static IEnumerable<(string Status, string Code)> Examples(JsonElement operation) =>
        from answer in operation.GetProperty("responses").EnumerateObject()
        where answer.Value.TryGetProperty("content", out var content) && content.TryGetProperty("application/problem+json", out _)
        select (answer.Name, answer.Value.GetProperty("content").GetProperty("application/problem+json").GetProperty("example").Text("code"));
}
