using AutoProvision.Provisioning;
using AutoProvision.Ssh;

namespace AutoProvision.Vms;

/// <summary>Runs short scripts of the service's own in a guest as root, by the service's own account: whatever its user's shell and rights are.</summary>
public sealed class GuestRoot(VmStore store, VmAccess access, SshConnectionPool connections)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>The way into a VM; null is answered where the account is not there or cannot get in.</summary>
    public RootScript Of(Guid id) => (script, cancellation) => TryRunAsync(id, script, cancellation);

    private async Task<string?> TryRunAsync(Guid id, string script, CancellationToken cancellation)
    {
        var request = new ExecRequest($"exec sudo -n -- sh -c {ShellQuote.Quote(script)}") { IsOwn = true, Timeout = Longest };
        try
        {
            if (Target(id) is null)
                return null;
            var result = await connections.ExecAsync(SshConnectionPool.OfService(id.ToString()), () => Target(id) ?? throw VmFailures.NotFound(id.ToString()), request, cancellation);
            return result.ExitCode == 0 ? result.Stdout : null;
        }
        catch (Exception e) when (e is FailureException or ObjectDisposedException)
        {
            // The user's own login is tried next, and has the last word.
            return null;
        }
    }

    // Asked when the connection has its place in the pool: one that is deleted or switched off must not be connected to any more.
    private SshTarget? Target(Guid id) =>
        store.Find(id) is { Address: not null } vm && (vm.IsReachable || vm.State == VmState.Provisioning) ? access.ServiceTarget(vm) : null;
}
