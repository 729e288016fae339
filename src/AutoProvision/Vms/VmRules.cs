using System.Text.RegularExpressions;
using AutoProvision.CloudInit;
using AutoProvision.Images;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>Turns a request into a complete spec, or says everything that is wrong with it at once.</summary>
public sealed partial class VmRules(ImageStore images, IOptions<VmOptions> options, TimeProvider time)
{
    private const int MinMemoryMiB = 64;
    private const int MaxSwapMiB = 65536;
    private readonly VmOptions _options = options.Value;

    /// <summary>The least that can be asked for.</summary>
    public static VmSpec Smallest { get; } = new() { Name = "", Image = "", Cpus = 1, MemoryMiB = MinMemoryMiB, DiskGiB = 1, User = "" };

    /// <param name="request">What was sent; a value of the wrong shape is null here.</param>
    /// <param name="faults">Has the faults of its shape, and gets all others. Where it has any, what is given back is good for nothing but further checks.</param>
    public VmOrder Complete(VmRequest request, FaultList faults)
    {
        var image = Image(request.Image, faults);
        var taken = images.UsersIn(image);
        var user = UserRules.First(request.User, images.UserOf(image), taken, faults);
        var spec = Place(request, faults) with
        {
            Name = Name(request.Name, faults),
            Image = image,
            User = user,
            AuthorizedKeys = KeyRules.Complete("/authorizedKeys", request.AuthorizedKeys, faults),
            Users = UserRules.Complete(request.Users, user, taken, faults),
            Packages = GuestRules.Packages(request.Packages, faults),
            Files = GuestFileRules.Complete(request.Files, faults),
            Hosts = GuestRules.Hosts(request.Hosts, faults),
            BootCommands = CommandRules.Lines("/bootCommands", request.BootCommands, faults),
            RunCommands = CommandRules.Lines("/runCommands", request.RunCommands, faults),
            Timezone = TimezoneRule.Check(request.Timezone, faults),
            SwapMiB = request.SwapMiB is { } swap ? faults.InRange("/swapMiB", swap, 0, MaxSwapMiB, " MiB") : null,
            Environment = GuestRules.Environment(request.Environment, faults),
            UserData = GuestRules.UserData(request.UserData, Own(request, user), faults),
            ReadinessChecks = CommandRules.Checks(request.ReadinessChecks, faults),
            Timeouts = TimeoutRules.Complete(request.Timeouts, faults),
        };
        CheckSwap(spec, faults);
        return new VmOrder(spec, LabelRules.Check(request.Labels, faults), ExpiryRules.Complete(request.ExpiresIn, request.ExpiresAt, time.GetUtcNow(), faults));
    }

    /// <summary>Whether it is an RFC 1123 label of small letters.</summary>
    public static bool IsLabel(string name) => Label().IsMatch(name);

    private static OwnDescriptions Own(VmRequest request, string user)
    {
        var files = (request.Files ?? []).Select(file => file.Path ?? "").ToList();
        if (request.Environment is { Count: > 0 })
            files.Add("/etc/environment");
        if (request.Hosts is { Count: > 0 })
            files.Add("/etc/hosts");
        return OwnDescriptions.Of([user, .. (request.Users ?? []).Select(other => other.Name ?? "")], files);
    }

    // cloud-init gives up on a swap file that does not fit without calling it an error. The system needs its own room beside it.
    private static void CheckSwap(VmSpec spec, FaultList faults)
    {
        if (spec.SwapMiB > 0 && spec.SwapMiB > (spec.DiskGiB - 1) * 1024L && !faults.Has("/diskGiB"))
            faults.Add("/swapMiB", "out_of_range", $"A swap file of {spec.SwapMiB} MiB does not fit a root disk of {spec.DiskGiB} GiB.", "Ask for a larger diskGiB; the swap file can be a GiB smaller than that.");
    }

    // What the hypervisor is to make.
    private VmSpec Place(VmRequest request, FaultList faults) => Smallest with
    {
        Cpus = faults.InRange("/cpus", request.Cpus ?? _options.DefaultCpus, 1, _options.MaxCpus),
        MemoryMiB = faults.InRange("/memoryMiB", request.MemoryMiB ?? _options.DefaultMemoryMiB, MinMemoryMiB, _options.MaxMemoryMiB, " MiB"),
        DiskGiB = faults.InRange("/diskGiB", request.DiskGiB ?? _options.DefaultDiskGiB, 1, _options.MaxDiskGiB, " GiB"),
        Disks = DiskRules.Complete(request.Disks, _options.MaxDiskGiB, faults),
        Network = NicRules.First(request.Network, faults),
        Nics = NicRules.Further(request.Network, request.Nics, faults),
        NetworkConfig = NicRules.Config(request.NetworkConfig, faults),
    };

    /// <summary>The name, or one that is made up.</summary>
    public static string Name(string? name, FaultList faults)
    {
        if (name is null)
            return $"vm-{Guid.NewGuid().ToString("N")[..8]}";
        if (!Label().IsMatch(name))
            faults.Add("/name", "name_invalid", $"\"{name}\" is no RFC 1123 label.", "1 to 63 characters of a-z, 0-9 and \"-\", neither beginning nor ending with \"-\".");
        return name;
    }

    private string Image(string? image, FaultList faults)
    {
        image ??= _options.DefaultImage;
        if (!images.Knows(image))
            faults.Add("/image", "image_unknown", $"There is no image \"{image}\".", $"Known images: {string.Join(", ", images.Names)}.");
        return image;
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}

/// <summary>A request that is complete and checked.</summary>
/// <param name="Spec">What the VM is.</param>
/// <param name="Labels">The caller's marks.</param>
/// <param name="ExpiresAt">When it is deleted by itself; null is never.</param>
public sealed record VmOrder(VmSpec Spec, IReadOnlyDictionary<string, string> Labels, DateTimeOffset? ExpiresAt);
