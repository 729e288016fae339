using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>How the service itself reaches a VM: its key files and what to connect to.</summary>
public sealed class VmAccess(IOptions<ServiceOptions> options)
{
    public const int SshPort = 22;

    public KeyFiles Keys(Guid id) => new(Path.Combine(options.Value.DataDirectory, "keys", id.ToString()));

    /// <summary>Where and as whom to log in, and the host key that must answer.</summary>
    public SshTarget Target(Vm vm) => new(vm.Address!, SshPort, vm.Spec.User, vm.HostKey!, Keys(vm.Id).Read().PrivateOpenSsh);
}
