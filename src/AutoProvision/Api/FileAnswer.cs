using AutoProvision.Ssh.Files;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>A guest's file as it is, or a directory as a tar archive, streamed.</summary>
public sealed class FileAnswer(GuestFile file) : IResult
{
    public const string Bytes = "application/octet-stream";
    public const string Tar = "application/x-tar";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await WriteAsync(httpContext);
        }
        catch (SftpEndedException e)
        {
            throw FileFailures.Ended(e, begun: true);
        }
    }

    private async Task WriteAsync(HttpContext httpContext)
    {
        await using var open = file;
        using var parting = SlowPeers.WaitForReader(httpContext);
        var headers = httpContext.Response.Headers;
        headers["X-File-Mode"] = file.Stat.Mode;
        headers["X-File-Owner"] = $"{Uri.EscapeDataString(file.Stat.Owner)}:{Uri.EscapeDataString(file.Stat.Group)}";
        headers.CacheControl = "no-store";
        if (file.Content is { } content)
        {
            var (modified, name) = (file.Stat.ModifiedAt, file.Stat.Name);
            await TypedResults.Stream(content, Bytes, name, modified, enableRangeProcessing: content.CanSeek).ExecuteAsync(httpContext);
            // Refused with a length and a type of its own, it would get no problem document.
            if (httpContext.Response is { StatusCode: StatusCodes.Status416RangeNotSatisfiable, HasStarted: false } refused)
                (refused.ContentLength, refused.ContentType) = (null, null);
            return;
        }
        httpContext.Response.ContentType = Tar;
        headers.LastModified = file.Stat.ModifiedAt.ToString("R");
        await file.WriteTarAsync(httpContext.Response.Body, httpContext.RequestAborted);
    }
}
