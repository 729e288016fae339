using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

public sealed class SshConnectionPoolTests(SshdFixture sshd) : IClassFixture<SshdFixture>
{
    [Fact]
    public async Task Execs_share_one_connection_and_a_cut_one_is_replaced()
    {
        await using var connector = SshdFixture.Connector();
        await using var pool = new SshConnectionPool(connector, Options.Create(new SshOptions()), TimeProvider.System);
        var first = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ClientPortAsync(pool)));
        Assert.Single(first.Distinct());

        sshd.CutConnections();
        await HostProcesses.UntilAsync(() => AcceptsAgain(pool, first[0]), "the pool connected anew");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_under_way_ends_when_its_VM_is_forgotten()
    {
        await using var connector = SshdFixture.Connector();
        await using var pool = new SshConnectionPool(connector, Options.Create(new SshOptions()), TimeProvider.System);
        var port = await ClientPortAsync(pool);
        var exec = pool.ExecAsync("vm", () => sshd.Target, new ExecRequest("sleep 300"), TestContext.Current.CancellationToken);

        await pool.ForgetAsync("vm");

        Assert.Equal("ssh_connection_lost", (await Assert.ThrowsAsync<FailureException>(() => exec)).Code);
        Assert.NotEqual(port, await ClientPortAsync(pool));
    }

    /// <summary>Until the cut is noticed the old connection is still given out, and fails by its own code.</summary>
    private bool AcceptsAgain(SshConnectionPool pool, string oldPort)
    {
        try
        {
            return ClientPortAsync(pool).GetAwaiter().GetResult() != oldPort;
        }
        catch (FailureException e) when (e.Code == "ssh_connection_lost")
        {
            return false;
        }
    }

    private async Task<string> ClientPortAsync(SshConnectionPool pool)
    {
        var request = new ExecRequest("echo $SSH_CLIENT | cut -d' ' -f2");
        return (await pool.ExecAsync("vm", () => sshd.Target, request, TestContext.Current.CancellationToken)).Stdout;
    }
}
