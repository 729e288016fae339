using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>The seed of one VM: what was asked for, plus the keys both sides know each other by.</summary>
public static class UserData
{
    /// <param name="vm">The VM.</param>
    /// <param name="hostKey">The guest's SSH host key, known before its first boot.</param>
    /// <param name="authorizedKeys">Who may log in: the VM's own key and whoever else is to.</param>
    /// <param name="networks">The network of each of the VM's NICs, in their order; null for one that is not known. Not looked at beside a network-config of the caller's own.</param>
    public static SeedFiles Seed(Vm vm, SshKeyPair hostKey, IReadOnlyList<string> authorizedKeys, IReadOnlyList<NetworkInfo?> networks)
    {
        var builder = Identity(vm, hostKey, authorizedKeys);
        var userData = vm.CloneOf is null ? FirstBoot(builder, vm.Spec) : Copied(builder, vm.Spec);
        return new SeedFiles(userData, new MetaData(vm.Id.ToString(), vm.Spec.Name).BuildYaml(), Network(vm, networks));
    }

    /// <summary>JSON pointers of keys of the caller's cloud-config that cloud-init does not know.</summary>
    public static IReadOnlyList<string> Ignored(Vm vm) => vm is { CloneOf: null, Spec.UserData: { } callers } ? CallersUserData.Reparse(callers).Unknown : [];

    // What cloud-init does anew for each instance, a copy of another VM's disk included.
    private static CloudInitBuilder Identity(Vm vm, SshKeyPair hostKey, IReadOnlyList<string> authorizedKeys)
    {
        var spec = vm.Spec;
        var builder = new CloudInitBuilder()
            .WithServiceDefaults()
            .Hostname(spec.Name)
            .DefaultUser(spec.User, authorizedKeys)
            .HostKey(hostKey.PrivateOpenSsh, hostKey.PublicOpenSsh)
            .Swap(spec.SwapMiB ?? 0);
        builder.Verify(SpecVerification.Script(vm));
        if (vm.ServiceKey is { } key)
            builder.AddServiceAccount(key);
        foreach (var user in spec.Users)
            builder.AddUser(user.Name, user.AuthorizedKeys, new UserOptions { Groups = user.Groups, Shell = user.Shell, Sudo = user.Sudo ? UserOptions.FullSudo : null });
        foreach (var disk in spec.Disks.Where(disk => disk.MountPoint is not null))
            builder.AddDisk(disk.Name, disk.MountPoint!, format: vm.CloneOf is null);
        foreach (var line in spec.BootCommands)
            builder.AddBootShellCommand(line);
        return builder;
    }

    private static string FirstBoot(CloudInitBuilder builder, VmSpec spec)
    {
        builder.AddPackages(spec.Packages);
        if (spec.Timezone is { } timezone)
            builder.Timezone(timezone);
        foreach (var file in spec.Files)
            AddFile(builder, file);
        builder.Environment(spec.Environment);
        foreach (var host in spec.Hosts)
            builder.AddHost(host.Address, host.Names);
        foreach (var command in spec.RunCommands)
            builder.AddShellCommand(command);
        return spec.UserData is { } callers ? UserDataMessage.Build(CallersUserData.Reparse(callers), builder) : builder.BuildYaml();
    }

    // Packages, files, hosts, environment, time zone and the caller's own user-data are on the disk already.
    private static string Copied(CloudInitBuilder builder, VmSpec spec) =>
        builder.ForgetOriginal([spec.User, .. spec.Users.Select(user => user.Name)]).BuildYaml();

    private static void AddFile(CloudInitBuilder builder, VmFile file)
    {
        var (mode, owner) = (file.Mode ?? "0644", file.Owner ?? "root:root");
        if (file.IsBase64)
            builder.AddFile(file.Path, Convert.FromBase64String(file.Content), mode, owner);
        else
            builder.AddFile(file.Path, file.Content, mode, owner);
    }

    // One NIC with DHCP over IPv4 is what cloud-init sets up by itself. A copy would go on with its original's MAC address.
    private static string? Network(Vm vm, IReadOnlyList<NetworkInfo?> networks)
    {
        var isPlain = vm.Nics.Count == 1 && vm.CloneOf is null && !networks.Any(network => network is { HasIpv6: true });
        return vm.Spec.NetworkConfig is { } config ? NetworkConfig.Render(config) : (isPlain ? null : NicNetworks.BuildYaml(vm.Nics, networks));
    }
}
