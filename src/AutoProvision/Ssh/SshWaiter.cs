using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>Waits until a booting guest lets its user in.</summary>
public sealed class SshWaiter(ISshConnector connector, IOptions<SshOptions> options, TimeProvider time)
{
    /// <summary>Tries again and again, at most 250 ms apart, while the guest cannot be reached or does not know the key yet.</summary>
    /// <param name="target">The guest.</param>
    /// <param name="deadline">Ends the wait with the last thing seen as its failure.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FailureException">
    /// At the deadline <c>ssh_auth_failed</c> when the key was refused to the last, otherwise <c>ssh_timeout</c>;
    /// at once <c>ssh_host_key_mismatch</c> and whatever else no retry can mend.
    /// </exception>
    public Task<ISshConnection> WaitAsync(SshTarget target, CancellationToken deadline, CancellationToken cancellation = default) => WaitAsync(target, null, deadline, cancellation);

    /// <param name="target">The guest.</param>
    /// <param name="refused">Told each time that the guest answers and does not accept the key.</param>
    /// <param name="deadline">As above.</param>
    /// <param name="cancellation">Likewise.</param>
    /// <inheritdoc cref="WaitAsync(SshTarget, CancellationToken, CancellationToken)"/>
    public async Task<ISshConnection> WaitAsync(SshTarget target, Action? refused, CancellationToken deadline, CancellationToken cancellation)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellation);
        Failure? last = null;
        try
        {
            while (true)
            {
                try
                {
                    return await connector.ConnectAsync(target, linked.Token);
                }
                catch (FailureException e) when (e.Code is SshFailures.Unreachable or SshFailures.AuthFailed)
                {
                    last = e.Failure;
                    if (e.Code == SshFailures.AuthFailed)
                        refused?.Invoke();
                }
                await Task.Delay(options.Value.RetryInterval, time, linked.Token);
            }
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw SshFailures.NeverReady(target, last, e);
        }
    }
}
