using System.Net;
using System.Net.Sockets;
using AutoProvision.Vms;

namespace AutoProvision.Ssh;

public sealed class SshConnectorTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncDisposable
{
    private readonly SshConnector _connector = SshdFixture.Connector();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _connector.DisposeAsync();

    [Fact]
    public async Task Logs_in_with_the_key_and_the_known_host_key()
    {
        await using var connection = await _connector.ConnectAsync(sshd.Target, Cancellation);
        Assert.True(connection.IsAlive);
    }

    [Fact]
    public async Task Refuses_another_host_key_before_any_authentication()
    {
        var user = "nobody-of-this-test";
        var target = sshd.Target with { User = user, HostKeyPublic = SshKeyPair.Generate("other").PublicOpenSsh };
        var before = sshd.Log.Count;
        var failure = await FailureAsync(target);
        Assert.Equal("ssh_host_key_mismatch", failure.Code);
        Assert.Contains(SshPublicKey.Fingerprint(sshd.Target.HostKeyPublic), failure.Evidence, StringComparison.Ordinal);
        await HostProcesses.UntilAsync(() => sshd.Log.Skip(before).Any(line => line.Contains("[preauth]", StringComparison.Ordinal)
            && (line.Contains("Connection closed", StringComparison.Ordinal) || line.Contains("disconnect", StringComparison.OrdinalIgnoreCase))), "the server saw the end");
        Assert.DoesNotContain(sshd.Log, line => line.Contains(user, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_user_key_is_an_authentication_failure()
    {
        var failure = await FailureAsync(sshd.Target with { PrivateKeyOpenSsh = SshKeyPair.Generate("other").PrivateOpenSsh });
        Assert.Equal("ssh_auth_failed", failure.Code);
    }

    [Fact]
    public async Task An_unknown_user_is_an_authentication_failure_that_the_server_saw()
    {
        var user = "unknown-of-this-test";
        Assert.Equal("ssh_auth_failed", (await FailureAsync(sshd.Target with { User = user })).Code);
        await HostProcesses.UntilAsync(() => sshd.Log.Any(line => line.Contains(user, StringComparison.Ordinal)), "the server logged the user");
    }

    [Fact]
    public async Task Nothing_listening_is_unreachable()
    {
        using var unused = SshdFixture.Unused();
        var failure = await FailureAsync(sshd.Target with { Port = SshdFixture.PortOf(unused) });
        Assert.Equal("ssh_unreachable", failure.Code);
        Assert.Contains("refused", failure.Evidence, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_has_its_own_code()
    {
        Assert.Equal("ssh_key_invalid", (await FailureAsync(sshd.Target with { PrivateKeyOpenSsh = "no key" })).Code);
    }

    [Fact]
    public async Task A_handshake_can_be_cancelled()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var cancellation = new CancellationTokenSource();
        var attempt = _connector.ConnectAsync(sshd.Target with { Port = ((IPEndPoint)silent.LocalEndpoint).Port }, cancellation.Token);
        using var probe = await silent.AcceptSocketAsync(Cancellation);
        using var handshake = await silent.AcceptSocketAsync(Cancellation);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    private async Task<Failure> FailureAsync(SshTarget target) =>
        (await Assert.ThrowsAsync<FailureException>(() => _connector.ConnectAsync(target, Cancellation))).Failure;
}
