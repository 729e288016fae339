using AutoProvision.Provisioning;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>What a person or a tool needs for plain <c>ssh</c> to a VM, from the host the service runs on.</summary>
/// <param name="Host">Address.</param>
/// <param name="Port">Port.</param>
/// <param name="User">User to log in as.</param>
/// <param name="KnownHosts">The known_hosts line: the host key is certain, nothing has to be trusted on first use.</param>
/// <param name="IdentityFile">The private key's path on the service's host.</param>
/// <param name="KnownHostsFile">Path of a file with that line.</param>
/// <param name="Command">Ready to paste.</param>
/// <param name="Config">The same for ssh_config(5): a Host block under the VM's name, for an editor, rsync or Ansible.</param>
public sealed record SshAccess(string Host, int Port, string User, string KnownHosts, string IdentityFile, string KnownHostsFile, string Command, string Config)
{
    public static SshAccess For(Vm vm, KeyFiles keys) => new(
        vm.Address!, VmAccess.SshPort, vm.Spec.User,
        SshPublicKey.KnownHostsLine(vm.Address!, VmAccess.SshPort, vm.HostKey!),
        keys.PrivateKeyPath, keys.KnownHostsPath,
        ShellQuote.Join(
        [
            "ssh", "-i", keys.PrivateKeyPath, "-o", "IdentitiesOnly=yes",
            "-o", $"UserKnownHostsFile={keys.KnownHostsPath}", "-o", "StrictHostKeyChecking=yes",
            "-p", $"{VmAccess.SshPort}", $"{vm.Spec.User}@{vm.Address}",
        ]),
        $"""
        Host {vm.Spec.Name}
            HostName {vm.Address}
            Port {VmAccess.SshPort}
            User {vm.Spec.User}
            IdentityFile "{Escape(keys.PrivateKeyPath)}"
            IdentitiesOnly yes
            UserKnownHostsFile "{Escape(keys.KnownHostsPath)}"
            StrictHostKeyChecking yes

        """);

    // A percent sign begins a token there (ssh_config(5)).
    private static string Escape(string path) => path.Replace("%", "%%", StringComparison.Ordinal);
}
