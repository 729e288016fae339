using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>A user who could not be made is named as what the wait for him failed of.</summary>
public sealed class AccountComplaintTests
{
    private const int Limit = 30_000;

    // As Debian 12's and 13's consoles have it, with what systemd and cloud-init put before each line.
    private const string Console = """
        [   31.204518] cloud-init[311]: useradd: group operator exists - if you want to add this user to that group, use -g.
        [   33.918221] cloud-init[311]: 2026-12-01 10:20:30,123 - util.py[WARNING]: Failed to create user operator
        [   34.102334] cloud-init[311]: 2026-12-01 10:20:30,456 - util.py[WARNING]: Running module users-groups (<module 'cloudinit.config.cc_users_groups' from '/usr/lib/python3/dist-packages/cloudinit/config/cc_users_groups.py'>) failed
        [  OK  ] Finished cloud-init.service - Initial cloud-init job (metadata service crawler).
        web login:
        """;

    [Theory(Timeout = Limit)]
    [InlineData("ssh", "sshSeconds")]
    [InlineData("cloud-init", "cloudInitSeconds")]
    public async Task The_guests_console_names_it_however_far_back_it_is(string step, string field)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var failure = await RunOutOfTimeAsync(host, http, step, field, $"{Console}{string.Concat(Enumerable.Repeat("[  OK  ] Started something else\n", 1000))}");

        Assert.EndsWith(
            " The guest says of its accounts: useradd: group operator exists - if you want to add this user to that group, use -g.; Failed to create user operator; "
            + "Running module users-groups (<module 'cloudinit.config.cc_users_groups' from '/usr/lib/python3/dist-packages/cloudinit/config/cc_users_groups.py'>) failed",
            failure.Text("cause"), StringComparison.Ordinal);
        Assert.StartsWith("An account or group that the image has already may stand in the way: choose another name for the user. ", failure.Text("hint"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Where_the_console_is_silent_the_guests_own_log_does()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.OtherHostKey = SshKeyPair.Generate("another machine").PublicOpenSsh;
        host.Hypervisor.AgentAnswer = $"--- processes ---\n{new string('x', 7000)}\n--- cloud-init-output.log ---\nlast\n--- accounts ---\nuseradd: cannot open /etc/passwd\n";

        var failure = await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds", "");

        Assert.EndsWith(" The guest says of its accounts: useradd: cannot open /etc/passwd", failure.Text("cause"), StringComparison.Ordinal);
        Assert.DoesNotContain("--- accounts ---", failure.Text("evidence"), StringComparison.Ordinal);
    }

    /// <summary>The user is there, as a system account whose shell lets nobody in: the proof of SSH fails at once.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_account_whose_shell_lets_nobody_in_is_named()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.LoginName = "This account is currently not available.";
        var gate = host.Steps.BlockAt(FaultyStep.Before("ssh"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();
        host.Hypervisor.Consoles[Assert.Single(host.Hypervisor.Domains.Keys)] = "[   30.1] cloud-init[312]: first-user: backup is an account of this image already, and its shell lets nobody in\r\n";
        gate.Open();

        var failure = (await http.UntilAsync(vm, "failed")).GetProperty("failure");

        Assert.Equal("ssh_command_failed", failure.Text("code"));
        Assert.EndsWith(" The guest says of its accounts: first-user: backup is an account of this image already, and its shell lets nobody in", failure.Text("cause"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task What_says_nothing_of_accounts_changes_nothing()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var failure = await RunOutOfTimeAsync(host, http, "ssh", "sshSeconds", "[  OK  ] Finished useradd.service\nThe user says: none\n");

        Assert.Equal("SSH did not accept the key within 7 s.", failure.Text("cause"));
    }

    [Fact]
    public void Of_much_that_is_said_the_first_is_told_and_each_once()
    {
        var text = string.Concat(Enumerable.Range(0, 10).Select(line => $"useradd: {line / 2} {new string('x', 500)}\n"));

        var explained = AccountComplaints.Explain(new Failure("ssh_timeout", "Nobody.", "Wait."), text);

        Assert.Equal(3, explained.Cause.Split("useradd: ").Length - 1);
        Assert.InRange(explained.Cause.Length, 900, 1000);
    }

    private static async Task<JsonElement> RunOutOfTimeAsync(FakeHost host, HttpClient http, string step, string field, string console)
    {
        var gate = host.Steps.BlockAt(FaultyStep.Before(step));
        var vm = await http.CreateVmAsync($$"""{"timeouts": {"{{field}}": 7} }""");
        await gate.ReachedAsync();
        host.Hypervisor.Consoles[Assert.Single(host.Hypervisor.Domains.Keys)] = console;
        host.Time.Advance(TimeSpan.FromSeconds(7));
        return (await http.UntilAsync(vm, "failed")).GetProperty("failure");
    }
}
