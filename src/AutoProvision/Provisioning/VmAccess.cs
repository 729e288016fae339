using AutoProvision.CloudInit;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>How the service itself reaches a VM: its key files and what to connect to.</summary>
public sealed class VmAccess(IOptions<ServiceOptions> options)
{
    public const int SshPort = 22;

    private string KeyDirectory => Path.Combine(options.Value.DataDirectory, "keys");

    public KeyFiles Keys(Guid id) => new(Path.Combine(KeyDirectory, id.ToString()));

    /// <summary>The ids for which there is a directory of keys.</summary>
    public IReadOnlyList<Guid> KeyOwners() => !Directory.Exists(KeyDirectory) ? []
        : [.. Directory.GetDirectories(KeyDirectory).Select(Path.GetFileName).Where(name => Guid.TryParseExact(name, "D", out var id) && id.ToString() == name).Select(name => Guid.Parse(name!))];

    /// <summary>Where and as whom to log in, and the host key that must answer.</summary>
    /// <exception cref="FailureException"><c>key_missing</c>.</exception>
    public SshTarget Target(Vm vm) => new(vm.Address!, SshPort, vm.Spec.User, vm.HostKey!, ReadKey(vm.Id));

    /// <summary>The same for the service's own account; null where the VM has none, where it does not get in, and where a restore brought the other keys without its own.</summary>
    /// <exception cref="FailureException"><c>key_missing</c>.</exception>
    public SshTarget? ServiceTarget(Vm vm) => vm.ServiceKey is null || vm.IsServiceShutOut || LacksServiceKey(Keys(vm.Id)) ? null
        : new(vm.Address!, SshPort, ServiceAccount.Name, vm.HostKey!, ReadKey(vm.Id, keys => keys.ReadServiceKey()));

    // The user's key is removed first: where that one is gone as well, the VM may be, too.
    private static bool LacksServiceKey(KeyFiles keys) => !keys.HasServiceKey && File.Exists(keys.PrivateKeyPath);

    private string ReadKey(Guid id) => ReadKey(id, keys => keys.Read());

    private string ReadKey(Guid id, Func<KeyFiles, SshKeyPair> read)
    {
        try
        {
            return read(Keys(id)).PrivateOpenSsh;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException("key_missing", $"The private key of VM {id} cannot be read: {e.Message}",
                "It may just have been deleted. Otherwise its key directory was removed or its owner changed: restore it, or delete the VM and create it again.", inner: e);
        }
    }
}
