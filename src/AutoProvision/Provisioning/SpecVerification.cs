using System.Text;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>What of a VM's spec is looked at in its guest, and what that says of the VM.</summary>
public static class SpecVerification
{
    // What is told; the state counts all of them.
    private const int MostMismatches = 100;
    private const int MostInCause = 5;

    // Each is looked for in a file of as many; what is beyond is unknown. Each user may have hundreds.
    private const int MostKeys = 1000;

    // What is added to them is not a difference. Of a home's own files only the user's keys are written by others, and those no request may name.
    private static readonly HashSet<string> Accounts =
        ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"];

    // cloud-init edits these after it has written the files: passwords over SSH, and rules of sudo.
    private static readonly HashSet<string> Settings =
        ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/50-cloud-init.conf", "/etc/sudoers", "/etc/sudoers.d/90-cloud-init-users"];

    /// <summary>The script for a VM's guest. A copy's looks only at what is made for the copy: the rest was the original's to change.</summary>
    public static VerificationScript Script(Vm vm)
    {
        var spec = vm.Spec;
        var script = new VerificationScript().HostName("/name", spec.Name);
        if (vm.CloneOf is null)
            AddFirstBoot(script, spec);
        AddUsers(script, spec, isCopy: vm.CloneOf is not null);
        foreach (var (index, disk) in spec.Disks.Index())
        {
            if (disk.MountPoint is { } at)
                script.Mount($"/disks/{index}/mountPoint", disk.Name, at);
            else
                script.Disk($"/disks/{index}", disk.Name);
        }
        if (spec.SwapMiB is > 0 and var swap)
            _ = vm.CloneOf is null ? script.Swap("/swapMiB", swap) : script.AnySwap("/swapMiB");
        return script;
    }

    /// <summary>What the guest's answer says of the VM.</summary>
    public static SpecVerdict Judge(Vm vm, VerificationAnswer answer)
    {
        var found = answer.Of(Script(vm).Checks);
        var counts = found.CountBy(it => it.Finding).ToDictionary();
        var unknown = counts.GetValueOrDefault(SpecFinding.Unknown);
        return new SpecVerdict(
            unknown == 0 ? Verified.Full : unknown == found.Count ? Verified.None : Verified.Partial,
            $"{counts.GetValueOrDefault(SpecFinding.Ok)} ok, {counts.GetValueOrDefault(SpecFinding.Differs)} differ, {counts.GetValueOrDefault(SpecFinding.Missing)} missing, {unknown} unknown",
            answer.Time,
            [.. found.Where(it => it.Finding is SpecFinding.Differs or SpecFinding.Missing).Select(it => new SpecMismatch(it.Check.Pointer, it.Check.Expected, it.Seen != "" ? it.Seen : "something else"))]);
    }

    /// <summary>Why the VM is degraded: what is not as it was asked for, with what cloud-init says of it; null where all is well.</summary>
    public static Failure? Failure(IReadOnlyList<SpecMismatch> mismatches, Failure? complaint)
    {
        if (mismatches.Count == 0)
            return complaint;
        var named = string.Join("; ", mismatches.Take(MostInCause).Select(it => $"{it.Pointer}: {it.Seen}"));
        var more = mismatches.Count > MostInCause ? $"; and {mismatches.Count - MostInCause} more" : "";
        return new Failure(VmFailures.SpecNotMet, $"The guest is not as it was asked for: {named}{more}.{(complaint is null ? "" : $" cloud-init reports: {complaint.Cause}")}",
            "The VM runs and can be logged in to. \"mismatches\" lists what is not as it was asked for; /var/log/cloud-init.log and /var/log/cloud-init-output.log in the guest tell why. Mend it there, or make the VM again.",
            "cloud-init", complaint?.Evidence)
        { Mismatches = [.. mismatches.Take(MostMismatches)] };
    }

    private static void AddFirstBoot(VerificationScript script, VmSpec spec)
    {
        foreach (var (index, file) in spec.Files.Index())
            AddFile(script, $"/files/{index}", file, spec);
        foreach (var (index, package) in spec.Packages.Index())
            script.Package($"/packages/{index}", package);
        foreach (var (index, host) in spec.Hosts.Index())
            script.Host($"/hosts/{index}", host.Address, host.Names);
        foreach (var (name, value) in spec.Environment)
            script.Variable($"/environment/{name}", name, value);
        if (spec.Timezone is { } timezone)
            script.Timezone("/timezone", timezone);
    }

    private static void AddFile(VerificationScript script, string pointer, VmFile file, VmSpec spec)
    {
        if (IsShared(file.Path, spec))
            script.SharedFile(pointer, file.Path);
        else
            script.File(pointer, file.Path, file.Owner ?? "root:root", file.Mode ?? "0644", file.IsBase64 ? Convert.FromBase64String(file.Content) : Encoding.UTF8.GetBytes(file.Content));
    }

    // The machine's name, mounts and variables are added to these; packages that are shells add themselves to the last.
    private static bool IsShared(string path, VmSpec spec) => path switch
    {
        "/etc/hosts" => true,
        "/etc/fstab" => spec.SwapMiB > 0 || spec.Disks.Any(disk => disk.MountPoint is not null) || spec.UserData is not null,
        "/etc/environment" => spec.Environment.Count > 0,
        "/etc/shells" => spec.Packages.Count > 0 || spec.UserData is not null,
        _ => Accounts.Contains(path) || Settings.Contains(path),
    };

    // For an account that is there cloud-init sets keys and sudo rule alone: home, shell and groups were the original's to change.
    private static void AddUsers(VerificationScript script, VmSpec spec, bool isCopy)
    {
        var left = MostKeys;
        AddUser("/user", spec.User);
        AddKeys(script, "/user", "/authorizedKeys", spec.AuthorizedKeys, ref left);
        foreach (var (index, user) in spec.Users.Index())
        {
            var name = $"/users/{index}/name";
            AddUser(name, user.Name);
            if (!isCopy)
            {
                script.Shell($"/users/{index}/shell", name, user.Shell);
                foreach (var (place, group) in user.Groups.Index())
                    script.Group($"/users/{index}/groups/{place}", name, group);
            }
            if (user.Sudo)
                script.Sudo($"/users/{index}/sudo", name, user.Name);
            AddKeys(script, name, $"/users/{index}/authorizedKeys", user.AuthorizedKeys, ref left);
        }

        void AddUser(string pointer, string user) => _ = isCopy ? script.Account(pointer, user) : script.User(pointer, user);
    }

    private static void AddKeys(VerificationScript script, string user, string pointer, IReadOnlyList<string> keys, ref int left)
    {
        foreach (var (index, key) in keys.Index())
        {
            if (left-- > 0)
                script.Key($"{pointer}/{index}", user, key);
            else
                script.KeyBeyond($"{pointer}/{index}", user);
        }
    }
}

/// <param name="Verified">How much of what was asked for was looked at.</param>
/// <param name="Counts">How many things were found how, in words.</param>
/// <param name="Time">How long that took in the guest.</param>
/// <param name="Mismatches">What is not as it was asked for.</param>
public sealed record SpecVerdict(Verified Verified, string Counts, TimeSpan? Time, IReadOnlyList<SpecMismatch> Mismatches)
{
    /// <summary>For an event.</summary>
    public string Message => Verified == Verified.None && Mismatches.Count == 0 && Time is null
        ? "Verified: none. The guest did not say whether everything is there that was asked for."
        : $"Verified: {Verified.ToString().ToLowerInvariant()} ({Counts}){(Time is { } time ? $" in {time.TotalMilliseconds:0} ms in the guest" : "")}.";
}
