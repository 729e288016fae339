using System.Net.Http.Headers;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

/// <summary>The files of a VM that is ready.</summary>
internal sealed class VmFiles : IAsyncDisposable
{
    private readonly FakeHost _host = new();
    private string _path = "";

    private VmFiles() => Http = _host.Start().CreateClient();

    public HttpClient Http { get; }

    public FakeFiles Guest => _host.Guests.Files;

    public static async Task<VmFiles> StartAsync()
    {
        var files = new VmFiles();
        files._path = $"{await files.Http.ReadyVmAsync()}/files";
        return files;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _host.DisposeAsync();
    }

    public Task<HttpResponseMessage> PutAsync(string path, byte[] bytes, string query = "", string type = "application/octet-stream")
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return Http.PutAsync(At(path, query), content, TestContext.Current.CancellationToken);
    }

    public Uri At(string path, string query = "") => new($"{_path}?path={Uri.EscapeDataString(path)}{query}", UriKind.Relative);

    public string Stat(string path) => $"{_path}/stat?path={Uri.EscapeDataString(path)}";
}
