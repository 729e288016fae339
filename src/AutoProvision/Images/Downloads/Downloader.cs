using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images.Downloads;

/// <summary>Brings files over HTTP, going on after a break where the server allows it.</summary>
internal sealed class Downloader(IHttpClientFactory clients, IOptions<ImagesOptions> options, TimeProvider time, ILogger<Downloader> logger)
{
    public const string Client = "images";
    private const int MaxTextBytes = 4 * 1024 * 1024;

    /// <summary>Brings the whole file into <see cref="Download.Part"/>.</summary>
    /// <returns>The checksum of what came; comparing it is the caller's.</returns>
    /// <exception cref="Vms.FailureException"><c>image_download_failed</c>, <c>image_disk_full</c>, <c>image_storage_failed</c>.</exception>
    public Task<ImageChecksum> DownloadAsync(Download download, CancellationToken cancellation) =>
        Retries.RunAsync(download.Url, stop => AttemptAsync(download, stop), () => download.Part.Length, cancellation);

    /// <summary>Reads a small text file, such as a list of checksums.</summary>
    public Task<string> ReadTextAsync(Uri url, CancellationToken cancellation) => Retries.RunAsync(url, async stop =>
    {
        using var guard = new StallGuard(options.Value.StallTimeout, time, stop);
        var client = clients.CreateClient(Client);
        client.MaxResponseContentBufferSize = MaxTextBytes;
        using var response = await guard.RunAsync(token => client.GetAsync(url, token));
        Check(url, response);
        return await response.Content.ReadAsStringAsync(stop);
    }, () => 0, cancellation);

    private Retries Retries => new(options.Value, time, logger);

    private async Task<ImageChecksum> AttemptAsync(Download download, CancellationToken cancellation) =>
        download.Part.Resume(download.Url, download.Expected) is { } state && await GoOnAsync(download, state, cancellation) is { } whole
            ? whole
            : await FromStartAsync(download, cancellation);

    /// <returns>Null when the server has another file by now or cannot go on: what is here is worth nothing.</returns>
    private async Task<ImageChecksum?> GoOnAsync(Download download, PartialState state, CancellationToken cancellation)
    {
        download.Progress.Report(new(ImageProgress.Verifying, null, download.Part.Length, null));
        await using var file = HashingFile.Open(download.Part.Path, download.Expected.Algorithm);
        await file.HashExistingAsync(cancellation);
        using var guard = Guard(cancellation);
        using var response = await SendAsync(download.Url, state, file.Length, guard);
        if (IsRest(response, state, file.Length))
            return await ReceiveAsync(response, file, download, guard, cancellation);
        return IsComplete(response, file.Length) ? file.Finish() : null;
    }

    private async Task<ImageChecksum> FromStartAsync(Download download, CancellationToken cancellation)
    {
        using var guard = Guard(cancellation);
        using var response = await SendAsync(download.Url, null, 0, guard);
        download.Part.Begin(download.Url, download.Expected, response);
        await using var file = HashingFile.Open(download.Part.Path, download.Expected.Algorithm);
        return await ReceiveAsync(response, file, download, guard, cancellation);
    }

    private StallGuard Guard(CancellationToken cancellation) => new(options.Value.StallTimeout, time, cancellation);

    private async Task<HttpResponseMessage> SendAsync(Uri url, PartialState? state, long offset, StallGuard guard)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (state is not null)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
            request.Headers.IfRange = state.Condition();
        }
        var client = clients.CreateClient(Client);
        var response = await guard.RunAsync(token => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token));
        if (state is null || response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            Check(url, response);
        return response;
    }

    private static bool IsRest(HttpResponseMessage response, PartialState state, long offset) =>
        response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == offset && state.Matches(response);

    // The last try had every byte and was stopped before it could say so.
    private static bool IsComplete(HttpResponseMessage response, long length) =>
        response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == length;

    private static async Task<ImageChecksum> ReceiveAsync(
        HttpResponseMessage response, HashingFile file, Download download, StallGuard guard, CancellationToken cancellation)
    {
        var total = file.Length + response.Content.Headers.ContentLength;
        FreeSpace.Require(download.Part.Path, response.Content.Headers.ContentLength);
        var meter = new ProgressMeter(download.Progress, total);
        meter.Report(file.Length);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[128 * 1024];
        for (int read; (read = await guard.RunAsync(token => body.ReadAsync(buffer, token).AsTask())) > 0; meter.Report(file.Length))
            await file.AppendAsync(buffer.AsMemory(0, read), cancellation);
        return file.Finish();
    }

    private static void Check(Uri url, HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return;
        var said = $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        response.Dispose();
        // RFC 9110: these may go well the next time; the other 4xx will not.
        if ((int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
            throw new HttpRequestException(said);
        throw ImageFailures.Download(url, said);
    }
}
