using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>Headers that answers carry, beside those that HTTP servers send by themselves.</summary>
internal static class ResponseHeaders
{
    /// <param name="Name">The header.</param>
    /// <param name="Words">What it holds.</param>
    /// <param name="Example">How it looks.</param>
    /// <param name="IsAlways">Whether every such answer has it.</param>
    private sealed record Header(string Name, string Words, string Example, bool IsAlways = true);

    private const string Id = "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47";

    private static readonly Header Vm = new("Location", "Path of the VM.", $"/vms/{Id}");
    private static readonly Header Snapshot = new("Location", "Path of the snapshot, where it is once it was taken.", $"/vms/{Id}/snapshots/before-upgrade");
    private static readonly Header Replayed = new("Idempotent-Replayed", "`true` where the VM was made for the same key before.", "true", IsAlways: false);
    private static readonly Header Applied = new("Preference-Applied", "With `Prefer: wait=N`: for how long the answer was held at most.", "wait=60", IsAlways: false);
    private static readonly Header Tag = new("ETag", "Of this answer, for `If-None-Match`; of a VM for `If-Match` too.", "\"12\"");
    private static readonly Header Next = new("Link", "Where there are more VMs: the next page, with `rel=\"next\"`.", "</vms?limit=100&cursor=0199c1a27d3e7b1a9f530c2d6a1e8b47>; rel=\"next\"", IsAlways: false);
    private static readonly Header Mode = new("X-File-Mode", "The mode, octal.", "0644");
    private static readonly Header Owner = new("X-File-Owner", "`user:group`, each percent-encoded.", "root:adm");
    private static readonly Header Modified = new("Last-Modified", "When the content changed last.", "Sun, 22 Nov 2026 10:00:00 GMT");
    private static readonly Header Ranges = new("Accept-Ranges", "`bytes`: `Range` gives parts of it.", "bytes");
    private static readonly Header Name = new("Content-Disposition", "The file's name.", "attachment; filename=app.conf; filename*=UTF-8''app.conf");
    private static readonly Header Part = new("Content-Range", "Which part it is, and of how many bytes.", "bytes 0-1023/4096");
    private static readonly Header Length = new("Content-Range", "How many bytes there are.", "bytes */4096");
    private static readonly Header Again = new("Retry-After", "Seconds.", "10", IsAlways: false);

    private static readonly Dictionary<(string Operation, string Status), Header[]> ByAnswer = new()
    {
        [("createVm", "202")] = [Vm, Replayed, Applied],
        [("cloneVm", "202")] = [Vm, Replayed, Applied],
        [("deleteVm", "202")] = [Vm],
        [("startVm", "202")] = [Vm, Applied],
        [("stopVm", "202")] = [Vm, Applied],
        [("restartVm", "202")] = [Vm, Applied],
        [("resizeVm", "202")] = [Vm, Applied],
        [("createSnapshot", "202")] = [Snapshot, Applied],
        [("restoreSnapshot", "202")] = [Vm, Applied],
        [("deleteSnapshot", "202")] = [Vm, Applied],
        [("listVms", "200")] = [Tag, Next],
        [("listVms", "304")] = [Tag, Next],
        [("getVm", "200")] = [Tag],
        [("getVm", "304")] = [Tag],
        [("updateVm", "200")] = [Tag],
        // The whole answer may be an archive, or a file of /proc, whose length nobody knows.
        [("readFile", "200")] = [Mode, Owner, Modified, Name with { IsAlways = false }, Ranges with { IsAlways = false }],
        [("readFile", "206")] = [Mode, Owner, Modified, Name, Ranges, Part],
        [("readFile", "304")] = [Mode, Owner, Modified],
        [("readFile", "412")] = [Mode, Owner, Modified],
        [("readFile", "416")] = [Mode, Owner, Modified, Name, Ranges, Length],
    };

    // Where 503 is only the stopping service there is none: what it ended may have been done.
    private static readonly Dictionary<string, string[]> NeverAgain = new()
    {
        ["429"] = ["openTerminal"],
        ["503"] = ["execInVm", "openTerminal", "readFile", "writeFile", "deleteFile", "statFile"],
    };

    public static void Apply(OpenApiOperation operation)
    {
        foreach (var (status, response) in operation.Responses ?? [])
            if (response is OpenApiResponse answer && Of(operation.OperationId ?? "", status, answer) is { Length: > 0 } headers)
                answer.Headers = headers.ToDictionary(header => header.Name, IOpenApiHeader (header) => Describe(header));
    }

    private static Header[] Of(string operation, string status, OpenApiResponse answer) => ByAnswer.GetValueOrDefault((operation, status)) switch
    {
        { } known => known,
        _ when NeverAgain.TryGetValue(status, out var never) && !never.Contains(operation) && answer.Content?.ContainsKey(Operations.Problem) == true => [Again],
        _ => [],
    };

    private static OpenApiHeader Describe(Header header) => new()
    {
        Description = header.Words,
        Required = header.IsAlways,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = header.Example,
    };
}
