using AutoProvision.Fakes;

namespace AutoProvision.FakeService;

/// <summary>Writes the OpenAPI document as the service answers it, for the linter and for generators of clients.</summary>
internal static class DocumentFile
{
    /// <summary>A file that is right already keeps its time, so that nobody generates from it again.</summary>
    public static async Task<int> WriteAsync(string path)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var document = await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (!File.Exists(path) || await File.ReadAllTextAsync(path) != document)
            await File.WriteAllTextAsync(path, document);
        return 0;
    }
}
