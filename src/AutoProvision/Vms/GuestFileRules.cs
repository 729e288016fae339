using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>What a file to be written in the guest must look like.</summary>
internal static class GuestFileRules
{
    public static IReadOnlyList<VmFile> Complete(IReadOnlyList<VmFileRequest>? files, FaultList faults)
    {
        foreach (var (index, file) in (files ?? []).Index())
            Check(file, $"/files/{index}", faults);
        return [.. (files ?? []).Select(file => new VmFile(file.Path ?? "", file.Content ?? "", file.Owner, file.Mode))];
    }

    private static void Check(VmFileRequest file, string pointer, FaultList faults)
    {
        faults.Check($"{pointer}/path", "path_invalid", "Such as \"/etc/motd\".", () => CloudInitRules.AbsolutePath(file.Path ?? "", "Path"));
        if (file.Content is null)
            faults.Add($"{pointer}/content", "required", "The file has no content.", "A text; it may be empty.");
        if (file.Owner is not null)
            faults.Check($"{pointer}/owner", "owner_invalid", "user or user:group.", () => CloudInitRules.Owner(file.Owner, "Owner"));
        if (file.Mode is not null)
            faults.Check($"{pointer}/mode", "mode_invalid", "Such as \"0644\".", () => CloudInitRules.Mode(file.Mode, "Mode"));
    }
}
