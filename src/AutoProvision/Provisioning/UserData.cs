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
    public static SeedFiles Seed(Vm vm, SshKeyPair hostKey, IReadOnlyList<string> authorizedKeys)
    {
        var spec = vm.Spec;
        var builder = new CloudInitBuilder()
            .WithServiceDefaults()
            .Hostname(spec.Name)
            .AddUser(spec.User, authorizedKeys)
            .HostKey(hostKey.PrivateOpenSsh, hostKey.PublicOpenSsh)
            .AddPackages(spec.Packages);
        foreach (var file in spec.Files)
            builder.AddFile(file.Path, file.Content, file.Mode ?? "0644", file.Owner ?? "root:root");
        foreach (var host in spec.Hosts)
            builder.AddHost(host.Address, host.Names);
        foreach (var command in spec.RunCommands)
            builder.AddShellCommand(command);
        return new SeedFiles(builder.BuildYaml(), new MetaData(vm.Id.ToString(), spec.Name).BuildYaml(), spec.NetworkConfig);
    }
}
