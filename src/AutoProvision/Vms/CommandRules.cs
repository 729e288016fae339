using AutoProvision.CloudInit;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>Lines for the guest's shell.</summary>
internal static class CommandRules
{
    private const string Hint = "A line for the guest's shell.";
    private const int MostSeconds = 3600;
    private const int DefaultSeconds = 60;

    public static IReadOnlyList<string> Lines(string pointer, IReadOnlyList<string>? commands, FaultList faults)
    {
        var lines = faults.Within(pointer, commands, ListLimits.Commands);
        foreach (var (index, command) in lines.Index())
            Check($"{pointer}/{index}", command, faults);
        return lines;
    }

    public static IReadOnlyList<VmCheck> Checks(IReadOnlyList<VmCheckRequest>? requested, FaultList faults)
    {
        var checks = faults.Within("/readinessChecks", requested, ListLimits.ReadinessChecks);
        foreach (var (index, check) in checks.Index())
            Check(check, $"/readinessChecks/{index}", faults);
        return [.. checks.Select(check => new VmCheck(check.Description ?? "", check.Command ?? "", check.TimeoutSeconds ?? DefaultSeconds, check.Hint))];
    }

    private static void Check(VmCheckRequest check, string pointer, FaultList faults)
    {
        if (check.Description is null)
            faults.Add($"{pointer}/description", "required", "The check says not what it stands for.", "Such as \"The web server answers.\".");
        else
            faults.Check($"{pointer}/description", "text_invalid", "One line of text.", () => CloudInitRules.Line(check.Description, "Description"));
        if (check.Command is null)
            faults.Add($"{pointer}/command", "required", "The check has no command.", Hint);
        else
            CheckSent($"{pointer}/command", check.Command, faults);
        faults.InRange($"{pointer}/timeoutSeconds", check.TimeoutSeconds ?? DefaultSeconds, 1, MostSeconds, " s");
        if (check.Hint is not null)
            faults.Check($"{pointer}/hint", "text_invalid", "A text.", () => CloudInitRules.Encodable(check.Hint, "Hint"));
    }

    // It goes over SSH, where commands that cloud-init runs do not.
    private static void CheckSent(string pointer, string command, FaultList faults)
    {
        Check(pointer, command, faults);
        // The guest's user may turn out to have a shell such as fish: it would be told only when all else is done.
        if (ExecScript.MostLength(new ExecRequest(command)) is > ExecScript.LongestText and var length)
            faults.Add(pointer, "command_too_long", $"The command takes up to {length} bytes as it is sent: how much depends on the login shell.", $"At most {ExecScript.LongestText}: put a long script into the guest with files, and call it.");
    }

    private static void Check(string pointer, string command, FaultList faults)
    {
        faults.Check(pointer, "command_invalid", Hint, () => CloudInitRules.Encodable(command, "Command"));
        if (string.IsNullOrWhiteSpace(command))
            faults.Add(pointer, "command_invalid", "The command is empty.", Hint);
    }
}
