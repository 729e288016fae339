using System.Net.Http.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>Who gets into the guest, with plain ssh.</summary>
internal sealed class AccessProofs(WholeGuest guest)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Its own user and the other one, with plain ssh and a key that the service has never seen.</summary>
    public async Task SomebodysOwnKeyIsLetInAsync()
    {
        var vm = await guest.App.GetAsync(guest.Id);
        foreach (var user in new[] { vm.User, "app" })
        {
            var result = await Tool.RunAsync(new ProcessCommand("ssh", "-F", "none", "-i", guest.Key, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={KnownHosts}", $"{user}@{vm.Address}", "id -un"));
            Assert.True(result.Output == user + "\n", result.Evidence);
        }
    }

    /// <summary>With the ssh-agent alone, which holds the VM's own key beside the one that was there before.</summary>
    public async Task AnAgentsKeysAreLetInAsync()
    {
        var vm = await guest.App.GetAsync(guest.Id);
        Assert.Contains(vm.PublicKey!, (await guest.Agent.ListAsync()).Output, StringComparison.Ordinal);
        Assert.Contains(guest.Identity, await guest.SayAsync("cat ~/.ssh/authorized_keys"), StringComparison.Ordinal);
        var result = await Tool.RunAsync(new ProcessCommand("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentityFile=none",
            "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={KnownHosts}", $"{vm.User}@{vm.Address}", "exit 9")
        { Environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = guest.Agent.Socket } });
        Assert.True(result.ExitCode == 9, result.Evidence);
    }

    public async Task TheSshConfigIsEnoughAsync()
    {
        var access = await guest.Http.GetFromJsonAsync<SshAccess>($"{guest.Path}/ssh", HostApp.Json, Cancellation);
        var file = Path.Combine(guest.App.DataDirectory, "ssh_config");
        await File.WriteAllTextAsync(file, access!.Config, Cancellation);
        var result = await Tool.RunAsync(new ProcessCommand("ssh", "-F", file, "-o", "BatchMode=yes", "whole", "hostname; exit 8"));
        File.Delete(file);
        Assert.True((result.ExitCode, result.Output) == (8, "whole\n"), result.Evidence);
    }

    public async Task PasswordsAreLockedAsync()
    {
        var sudo = await guest.App.ExecAsync(guest.Id, "sudo -n id -u");
        Assert.Equal(("0\n", ""), (sudo.Stdout, sudo.Stderr));
        var passwords = (await guest.SayAsync("sudo getent shadow app root | cut -d: -f2")).Split('\n');
        Assert.Equal(2, passwords.Length);
        Assert.All(passwords, locked => Assert.Matches("^[!*]", locked));
    }

    private string KnownHosts => Path.Combine(guest.App.DataDirectory, "keys", $"{guest.Id}", "known_hosts");
}
