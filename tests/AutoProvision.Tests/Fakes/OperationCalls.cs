using System.Net;
using System.Text.Json;

namespace AutoProvision.Fakes;

/// <summary>Operations on a VM over HTTP.</summary>
internal static class OperationCalls
{
    /// <summary>A VM that is ready.</summary>
    public static async Task<string> ReadyVmAsync(this HttpClient http, string json = "{}")
    {
        var vm = await http.CreateVmAsync(json);
        await http.UntilAsync(vm, "ready");
        return vm;
    }

    /// <summary>A copy of a VM that is ready.</summary>
    public static async Task<string> ReadyCopyAsync(this HttpClient http, string source)
    {
        using var response = await http.PostJsonAsync($"{source}/clone", "{}");
        await response.ReadJsonAsync(HttpStatusCode.Accepted);
        var vm = response.Headers.Location!.OriginalString;
        await http.UntilAsync(vm, "ready");
        return vm;
    }

    /// <summary>Begins an operation and waits until it is done, or failed; gives the VM as it is then.</summary>
    public static async Task<JsonElement> OperateAsync(this HttpClient http, string path, string? json = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path) { Content = json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Prefer", "wait=60");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.ReadJsonAsync(System.Net.HttpStatusCode.Accepted);
    }

    public static async Task<JsonElement> RefusedAsync(this HttpClient http, string path, string json, HttpStatusCode status)
    {
        using var response = await http.PostJsonAsync(path, json);
        return await response.ReadProblemAsync(status);
    }
}
