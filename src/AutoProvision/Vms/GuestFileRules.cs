using System.Text.RegularExpressions;

namespace AutoProvision.Vms;

/// <summary>What a file to be written in the guest must look like.</summary>
internal static partial class GuestFileRules
{
    public static IReadOnlyList<VmFile> Complete(IReadOnlyList<VmFileRequest>? files, FaultList faults)
    {
        foreach (var (index, file) in (files ?? []).Index())
            Check(file, $"/files/{index}", faults);
        return [.. (files ?? []).Select(file => new VmFile(file.Path ?? "", file.Content ?? "", file.Owner, file.Mode))];
    }

    private static void Check(VmFileRequest file, string pointer, FaultList faults)
    {
        if (file.Path is null || !AbsolutePath().IsMatch(file.Path))
            faults.Add($"{pointer}/path", "path_invalid", $"\"{file.Path}\" is no absolute path of a file.", "Such as \"/etc/motd\".");
        if (file.Content is null)
            faults.Add($"{pointer}/content", "required", "The file has no content.", "A text; it may be empty.");
        if (file.Owner is not null && !Owner().IsMatch(file.Owner))
            faults.Add($"{pointer}/owner", "owner_invalid", $"\"{file.Owner}\" is no owner.", "user or user:group.");
        if (file.Mode is not null && !Mode().IsMatch(file.Mode))
            faults.Add($"{pointer}/mode", "mode_invalid", $"\"{file.Mode}\" is no octal mode.", "Such as \"0644\".");
    }

    [GeneratedRegex(@"\A/[^\p{C}]*[^/\p{C}]\z")]
    private static partial Regex AbsolutePath();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_-]{0,31}(:[a-z_][a-z0-9_-]{0,31})?\z")]
    private static partial Regex Owner();

    [GeneratedRegex(@"\A0?[0-7]{3,4}\z")]
    private static partial Regex Mode();
}
