using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>What a file to be written in the guest must look like.</summary>
internal static class GuestFileRules
{
    public static IReadOnlyList<VmFile> Complete(IReadOnlyList<VmFileRequest>? requested, FaultList faults)
    {
        var files = faults.Within("/files", requested, ListLimits.Files);
        foreach (var (index, file) in files.Index())
            Check(file, $"/files/{index}", faults);
        return [.. files.Select(file => new VmFile(file.Path ?? "", file.Content ?? file.ContentBase64 ?? "", file.Owner, file.Mode, file.ContentBase64 is not null))];
    }

    private static void Check(VmFileRequest file, string pointer, FaultList faults)
    {
        faults.Check($"{pointer}/path", "path_invalid", "Such as \"/etc/motd\".", () => CloudInitRules.AbsolutePath(file.Path ?? "", "Path"));
        CheckContent(file, pointer, faults);
        if (file.Owner is not null)
            faults.Check($"{pointer}/owner", "owner_invalid", "user or user:group.", () => CloudInitRules.Owner(file.Owner, "Owner"));
        if (file.Mode is not null)
            faults.Check($"{pointer}/mode", "mode_invalid", "Such as \"0644\".", () => CloudInitRules.Mode(file.Mode, "Mode"));
    }

    private static void CheckContent(VmFileRequest file, string pointer, FaultList faults)
    {
        const string Hint = "A text as content, which may be empty, or bytes as contentBase64.";
        if (file.Content is null && file.ContentBase64 is null && !faults.Has($"{pointer}/contentBase64"))
            faults.Add($"{pointer}/content", "required", "The file has no content.", Hint);
        if (file.Content is not null && file.ContentBase64 is not null)
            faults.Add($"{pointer}/contentBase64", "required", "Exactly one of content and contentBase64 is wanted.", Hint);
        if (file.ContentBase64 is { } text && !Convert.TryFromBase64String(text, new byte[text.Length], out _))
            faults.Add($"{pointer}/contentBase64", "base64_invalid", "The content is no base64.", "Such as \"SGVsbG8K\", as the command base64 prints it.");
    }
}
