using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>The operations of the OpenAPI document, to be held to rules.</summary>
internal static class DocumentOperations
{
    // Every service has the same one.
    private static readonly Lazy<Task<JsonElement>> Document = new(LoadAsync);

    public static Task<JsonElement> ReadAsync() => Document.Value;

    private static async Task<JsonElement> LoadAsync()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        return await http.GetJsonAsync("/openapi/v1.json");
    }

    /// <summary>One failure names everything that is missing, so that a new route is written in one go.</summary>
    public static void Check(JsonElement document, Action<JsonElement, Action<bool, string>> rule)
    {
        var missing = new List<string>();
        foreach (var (name, operation) in Operations(document))
            rule(operation, (holds, words) =>
            {
                if (!holds)
                    missing.Add($"{name} {words}.");
            });
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    public static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value);

    public static JsonElement[] Items(JsonElement element, string member) =>
        element.TryGetProperty(member, out var items) ? [.. items.EnumerateArray()] : [];
}
