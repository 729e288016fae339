using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AutoProvision.Api;

public static class FileEndpoints
{
    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/vms/{id}/files").WithTags("Files")
            .ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(500).ProducesProblem(502).ProducesProblem(503);
        files.MapGet("/", Get).WithName("readFile").WithSummary("Read a file of a VM, or a directory as a tar archive")
            .WithDescription("Streamed. X-File-Mode and X-File-Owner tell mode and owner. A file can be read in parts (Range).")
            .Produces<Stream>(200, FileAnswer.Bytes, FileAnswer.Tar).Produces<Stream>(206, FileAnswer.Bytes)
            .Produces(304).ProducesProblem(412).ProducesProblem(416);
        files.MapPut("/", Put).WithName("writeFile").WithSummary("Write a file of a VM, or unpack a tar archive into a directory")
            .WithDescription("Streamed, of any length. A file is written beside its place and renamed: cut off, it leaves the old one as it was. With Content-Type: application/x-tar the body is unpacked into the directory.")
            .Accepts<Stream>(isOptional: true, FileAnswer.Bytes, FileAnswer.Tar, "*/*")
            .ProducesProblem(507);
        files.MapDelete("/", Delete).WithName("deleteFile").WithSummary("Delete a file or a directory of a VM");
        files.MapGet("/stat", Stat).WithName("statFile").WithSummary("What there is at a path of a VM, and in a directory");
    }

    private static async Task<FileAnswer> Get(string id, string? path, GuestFiles files, CancellationToken cancellation) =>
        new(await files.OpenAsync(id, new GuestFileQuery { Path = path }, cancellation));

    private static async Task<Results<Created, NoContent>> Put(
        string id, string? path, string? mode, string? owner, string? parents, HttpRequest request, GuestFiles files, CancellationToken cancellation)
    {
        // A client that resumes would make a file of its end alone (RFC 9110, section 14.5).
        if (request.Headers.ContainsKey("Content-Range"))
            throw new BadHttpRequestException("A file is written whole: there is no Content-Range.");
        SlowPeers.WaitForSender(request.HttpContext);
        var query = new GuestFileQuery { Path = path, Mode = mode, Owner = owner, Parents = parents };
        var isArchive = request.ContentType?.StartsWith(FileAnswer.Tar, StringComparison.OrdinalIgnoreCase) == true;
        var isNew = await (isArchive ? files.UnpackAsync(id, query, request.Body, cancellation) : files.WriteAsync(id, query, request.Body, cancellation));
        return isNew ? TypedResults.Created() : TypedResults.NoContent();
    }

    private static async Task<NoContent> Delete(string id, string? path, string? recursive, GuestFiles files, CancellationToken cancellation)
    {
        await files.DeleteAsync(id, new GuestFileQuery { Path = path, Recursive = recursive }, cancellation);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<GuestFileStat>> Stat(string id, string? path, GuestFiles files, CancellationToken cancellation) =>
        TypedResults.Ok(await files.StatAsync(id, new GuestFileQuery { Path = path }, cancellation));
}
