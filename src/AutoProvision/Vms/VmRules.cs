using System.Text.RegularExpressions;
using AutoProvision.CloudInit;
using AutoProvision.Images;
using Microsoft.Extensions.Options;

namespace AutoProvision.Vms;

/// <summary>Turns a request into a complete spec, or says everything that is wrong with it at once.</summary>
public sealed partial class VmRules(ImageStore images, IOptions<VmOptions> options)
{
    private const int MinMemoryMiB = 64;
    private readonly VmOptions _options = options.Value;

    /// <summary>The least that can be asked for.</summary>
    public static VmSpec Smallest { get; } = new() { Name = "", Image = "", Cpus = 1, MemoryMiB = MinMemoryMiB, DiskGiB = 1, User = "" };

    /// <param name="request">What was sent; a value of the wrong shape is null here.</param>
    /// <param name="shape">The faults its shape has already.</param>
    /// <exception cref="InvalidRequestException"/>
    public VmSpec Complete(VmRequest request, IReadOnlyList<Fault> shape)
    {
        var faults = new FaultList(shape);
        var image = Image(request.Image, faults);
        var spec = new VmSpec
        {
            Name = Name(request.Name, faults),
            Image = image,
            Cpus = InRange("/cpus", request.Cpus ?? _options.DefaultCpus, 1, _options.MaxCpus, "", faults),
            MemoryMiB = InRange("/memoryMiB", request.MemoryMiB ?? _options.DefaultMemoryMiB, MinMemoryMiB, _options.MaxMemoryMiB, " MiB", faults),
            DiskGiB = InRange("/diskGiB", request.DiskGiB ?? _options.DefaultDiskGiB, 1, _options.MaxDiskGiB, " GiB", faults),
            User = User(request.User, image, faults),
            AuthorizedKeys = Keys(request.AuthorizedKeys, faults),
            Packages = Each("/packages", request.Packages, PackageName(), "package_invalid", "is no package name", "Such as \"git\", or \"git=1:2.39.5-0\".", faults),
            Files = GuestFileRules.Complete(request.Files, faults),
            Hosts = Hosts(request.Hosts, faults),
            RunCommands = Commands(request.RunCommands, faults),
            NetworkConfig = Network(request.NetworkConfig, faults),
        };
        faults.ThrowIfAny();
        return spec;
    }

    /// <summary>Whether it is an RFC 1123 label of small letters.</summary>
    public static bool IsLabel(string name) => Label().IsMatch(name);

    private static string Name(string? name, FaultList faults)
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

    private string User(string? user, string image, FaultList faults)
    {
        if (user is null)
            return images.UserOf(image) ?? "";
        const string Hint = "1 to 32 characters of a-z, 0-9, \"_\" and \"-\", beginning with a letter or \"_\"; not root.";
        faults.Check("/user", "user_invalid", Hint, () => CloudInitRules.AccountName(user, "User"));
        if (user == "root")
            faults.Add("/user", "user_invalid", "root is there already and does not log in.", Hint);
        return user;
    }

    private static int InRange(string pointer, int value, int least, int most, string unit, FaultList faults)
    {
        if (value < least || value > most)
            faults.Add(pointer, "out_of_range", $"{value}{unit} is out of range.", $"From {least} to {most}{unit}.");
        return value;
    }

    private static IReadOnlyList<string> Each(string pointer, IReadOnlyList<string>? values, Regex form, string code, string what, string hint, FaultList faults)
    {
        foreach (var (index, value) in (values ?? []).Index())
            if (!form.IsMatch(value))
                faults.Add($"{pointer}/{index}", code, $"\"{value}\" {what}.", hint);
        return values ?? [];
    }

    private static IReadOnlyList<string> Keys(IReadOnlyList<string>? keys, FaultList faults)
    {
        const string Hint = "Such as \"ssh-ed25519 AAAA... me@here\".";
        foreach (var (index, key) in (keys ?? []).Index())
            faults.Check($"/authorizedKeys/{index}", "key_invalid", Hint, () => CloudInitRules.Line(key, "Key"));
        return Each("/authorizedKeys", keys, PublicKey(), "key_invalid", "is no OpenSSH public key line", Hint, faults);
    }

    private static IReadOnlyList<string> Commands(IReadOnlyList<string>? commands, FaultList faults)
    {
        foreach (var (index, command) in (commands ?? []).Index())
        {
            faults.Check($"/runCommands/{index}", "command_invalid", "A line for the guest's shell.", () => CloudInitRules.Encodable(command, "Command"));
            if (string.IsNullOrWhiteSpace(command))
                faults.Add($"/runCommands/{index}", "command_invalid", "The command is empty.", "A line for the guest's shell.");
        }
        return commands ?? [];
    }

    private static IReadOnlyList<VmHost> Hosts(IReadOnlyList<VmHostRequest>? hosts, FaultList faults)
    {
        foreach (var (index, host) in (hosts ?? []).Index())
        {
            faults.Check($"/hosts/{index}/address", "address_invalid", "An IPv4 or IPv6 address.", () => CloudInitRules.Address(host.Address ?? "", "Address"));
            if (host.Names is null or [])
                faults.Add($"/hosts/{index}/names", "required", "There is no name for the address.", "One or more host names.");
            foreach (var (at, name) in (host.Names ?? []).Index())
                faults.Check($"/hosts/{index}/names/{at}", "name_invalid", "Labels of a-z, 0-9 and \"-\", joined by dots.", () => CloudInitRules.HostName(name, "Name"));
        }
        return [.. (hosts ?? []).Select(host => new VmHost(host.Address ?? "", host.Names ?? []))];
    }

    private static string? Network(string? config, FaultList faults)
    {
        if (config is not null)
            faults.Check("/networkConfig", "network_config_invalid", "YAML with \"version: 1\" or \"version: 2\", as cloud-init documents it.", () => NetworkConfig.Parse(config));
        return config;
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"\A(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) AAAA[A-Za-z0-9+/]+={0,3}( [^\p{C}]*)?\z")]
    private static partial Regex PublicKey();

    // Debian's and Fedora's names, an optional version or architecture behind them.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9+._:~=/-]*\z")]
    private static partial Regex PackageName();
}
