using System.Net.Http.Json;
using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>The main job, from the request to an empty host.</summary>
public sealed class LifecycleTests
{
    [Fact(Timeout = 900_000)]
    public async Task A_vm_comes_up_runs_a_command_and_leaves_nothing()
    {
        await using var agent = await OwnAgent.StartAsync();
        var identity = await agent.AddIdentityAsync();
        await using var app = new HostApp(new() { ["Ssh:UseAgent"] = "true", ["Ssh:AgentSocket"] = agent.Socket });
        var before = await HostSnapshot.TakeAsync(app);

        var created = await app.CreateAsync(new { name = "lifecycle", diskGiB = 4 });
        var vm = await app.WaitUntilMadeAsync(created.Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));

        await ShowExec(app, vm.Id);
        await ShowGuest(app, vm.Id);
        await ShowAgent(app, agent, identity, vm.Id, vm.PublicKey!);
        await ShowSshConfig(app, vm.Id);
        Assert.NotEmpty(await HostSnapshot.NewSinceAsync(app, before));
        await Overhead.PrintAsync(app, vm);

        await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
        Assert.Equal(identity, (await agent.ListAsync()).Output.Trim());
    }

    private static async Task ShowExec(HostApp app, Guid id)
    {
        var answer = await app.ExecAsync(id, "cat /etc/hostname; exit 7");
        Assert.Equal("lifecycle\n", answer.Stdout);
        Assert.Equal(7, answer.ExitCode);
    }

    private static async Task ShowGuest(HostApp app, Guid id)
    {
        var root = await app.ExecAsync(id, "df --output=size -BM / | tail -1 | tr -dc 0-9");
        Assert.InRange(int.Parse(root.Stdout), 3500, 4096);
        var sudo = await app.ExecAsync(id, "sudo -n id -u");
        Assert.Equal(("0\n", ""), (sudo.Stdout, sudo.Stderr));
        var passwords = (await app.ExecAsync(id, "sudo getent shadow debian root | cut -d: -f2")).Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, passwords.Length);
        Assert.All(passwords, locked => Assert.Matches("^[!*]", locked));
    }

    private static async Task ShowSshConfig(HostApp app, Guid id)
    {
        var access = await app.CreateClient().GetFromJsonAsync<SshAccess>($"/vms/{id}/ssh", HostApp.Json, TestContext.Current.CancellationToken);
        var file = Path.Combine(app.DataDirectory, "ssh_config");
        await File.WriteAllTextAsync(file, access!.Config, TestContext.Current.CancellationToken);
        var result = await Tool.RunAsync(new ProcessCommand("ssh", "-F", file, "-o", "BatchMode=yes", "lifecycle", "hostname; exit 8"));
        File.Delete(file);
        Assert.True((result.ExitCode, result.Output) == (8, "lifecycle\n"), result.Evidence);
    }

    // Plain ssh with the agent alone, which holds the VM's key and, as somebody's own, the other one.
    private static async Task ShowAgent(HostApp app, OwnAgent agent, string identity, Guid id, string publicKey)
    {
        var held = (await agent.ListAsync()).Output;
        Assert.Contains(publicKey, held);
        var authorized = await app.ExecAsync(id, "cat ~/.ssh/authorized_keys");
        Assert.Contains(identity, authorized.Stdout);
        var vm = await app.GetAsync(id);
        var knownHosts = Path.Combine(app.DataDirectory, "keys", $"{id}", "known_hosts");
        var result = await Tool.RunAsync(new ProcessCommand("ssh",
            "-F", "none", "-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={knownHosts}",
            $"{vm.User}@{vm.Address}", "exit 9")
        { Environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = agent.Socket } });
        Assert.True(result.ExitCode == 9, result.Evidence);
    }
}
