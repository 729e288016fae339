using AutoProvision.CloudInit;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Vms;

/// <summary>What a request says of a file beside its bytes, as it came.</summary>
public sealed record GuestFileQuery
{
    public string? Path { get; init; }

    /// <summary>Octal, such as <c>0644</c>.</summary>
    public string? Mode { get; init; }

    /// <summary><c>user</c> or <c>user:group</c>, each a name or a number.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether missing directories are made: true or false.</summary>
    public string? Parents { get; init; }

    /// <summary>Whether a directory goes with what is in it: true or false.</summary>
    public string? Recursive { get; init; }

    /// <exception cref="InvalidRequestException">With every fault.</exception>
    internal GuestFileOrder Read(bool mayBeRoot, bool isArchive = false)
    {
        var faults = new FaultList([]);
        var path = "";
        faults.Check("/path", "path_invalid", "Such as /etc/motd, with \"/\" as %2F or as it is.", () => path = FilePath.Check(Path ?? ""));
        if (path == "/" && !mayBeRoot)
            faults.Add("/path", "path_invalid", "That is the root directory.", "Name a file or directory in it.");
        if (Mode is not null && isArchive)
            faults.Add("/mode", "mode_invalid", "An archive has modes of its own.", "Leave it out.");
        else if (Mode is not null)
            faults.Check("/mode", "mode_invalid", "Such as 0644.", () => CloudInitRules.Mode(Mode, "Mode"));
        if (Owner is not null)
            faults.Check("/owner", "owner_invalid", "user or user:group, each a name or a number.", () => CheckOwner(Owner));
        var (parents, recursive) = (Switch("/parents", Parents, faults), Switch("/recursive", Recursive, faults));
        faults.ThrowIfAny();
        return new GuestFileOrder(path, Mode is null ? null : Convert.ToUInt32(Mode, 8), Owner, parents, recursive);
    }

    private static void CheckOwner(string owner)
    {
        var parts = owner.Split(':');
        if (parts.Length > 2)
            throw CloudInitRules.Bad("Owner", owner, "is not of the form user or user:group");
        foreach (var part in parts.Where(part => WholeNumber.Parse(part) is not (>= 0 and <= uint.MaxValue)))
            CloudInitRules.AccountName(part, "Owner");
    }

    private static bool Switch(string pointer, string? value, FaultList faults)
    {
        if (value is not (null or "true" or "false"))
            faults.Add(pointer, "type_mismatch", $"\"{value}\" is neither true nor false.", "true or false.");
        return value == "true";
    }
}

/// <summary>The same, checked.</summary>
internal sealed record GuestFileOrder(string Path, uint? Mode, string? Owner, bool Parents, bool Recursive);
