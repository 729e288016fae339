using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Provisioning;

public sealed class ReadinessTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Errors_of_cloud_init_make_a_VM_degraded_and_name_the_module()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.CloudInitError);
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        var path = await http.CreateVmAsync();

        var vm = await http.UntilAsync(path, "degraded");

        var failure = vm.GetProperty("failure");
        Assert.Equal(("cloud_init_errors", "cloud-init"), (failure.Text("code"), failure.Text("step")));
        Assert.Contains("scripts-user", failure.Text("cause"), StringComparison.Ordinal);
        Assert.Contains("1 failures (runcmd)", failure.Text("cause"), StringComparison.Ordinal);
        using var ran = await http.PostJsonAsync($"{path}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData("missing\n", "cloud_init_missing")]
    [InlineData("disabled\n", "cloud_init_disabled")]
    [InlineData("files\nnonsense", "cloud_init_status_unreadable")]
    [InlineData("", "cloud_init_status_unreadable")]
    public async Task A_guest_that_cloud_init_never_set_up_is_failed(string answer, string code)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Of(0, answer));

        var vm = await http.UntilAsync(await http.CreateVmAsync(), "failed");

        Assert.Equal((code, "cloud-init"), (vm.GetProperty("failure").Text("code"), vm.GetProperty("failure").Text("step")));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_wrong_host_key_is_refused_at_once()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.OtherHostKey = SshKeyPair.Generate("another machine").PublicOpenSsh;

        var vm = await http.UntilAsync(await http.CreateVmAsync(), "failed");

        Assert.Equal(("ssh_host_key_mismatch", "ssh"), (vm.GetProperty("failure").Text("code"), vm.GetProperty("failure").Text("step")));
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_lets_in_somebody_else_is_failed_and_no_connection_stays_open()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.LoginName = "somebody";

        var vm = await http.UntilAsync(await http.CreateVmAsync(), "failed");

        Assert.Equal(("ssh_command_failed", "ssh"), (vm.GetProperty("failure").Text("code"), vm.GetProperty("failure").Text("step")));
        Assert.StartsWith("exit code: 42\n--- stdout ---\nsomebody\n--- stderr ---", vm.GetProperty("failure").Text("evidence"), StringComparison.Ordinal);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task An_sshd_restarted_by_cloud_init_is_connected_to_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (attempt, _) => attempt < 3
            ? Task.FromException<ExecResult>(SshFailures.ConnectionLost(new SshTarget("h", 22, "u", "", ""), new IOException("reset")))
            : Task.FromResult(FakeAnswers.CloudInitDone);
        var path = await http.CreateVmAsync();

        await http.UntilAsync(path, "ready");

        Assert.Equal(1, host.Guests.OpenConnections);
        await http.DeleteVmAsync(path);
        await http.FollowAsync(path);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task The_connection_that_saw_the_VM_ready_is_the_one_that_runs_commands()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        var path = await http.CreateVmAsync();
        await http.UntilAsync(path, "ready");

        using var ran = await http.PostJsonAsync($"{path}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();

        Assert.Equal(1, host.Guests.Connections);
    }

    [Fact(Timeout = Limit)]
    public async Task A_disk_smaller_than_the_image_is_told_with_the_right_size()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var vm = await http.UntilAsync(await http.CreateVmAsync("""{"diskGiB": 1}"""), "failed");

        Assert.Equal("disk_too_small", vm.GetProperty("failure").Text("code"));
        Assert.Contains("at least 2", vm.GetProperty("failure").Text("hint"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Secrets_are_in_the_seed_and_the_key_file_and_nowhere_else()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Ssh:UseAgent", "true")).CreateClient();
        var path = await http.CreateVmAsync();
        var events = await http.FollowUntilAsync(path, "ready");
        var seed = Assert.Single(host.Hypervisor.Seeds).Value;

        Assert.Contains("PRIVATE KEY", seed.UserData, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.All, line => line.Contains("PRIVATE KEY", StringComparison.Ordinal));
        Assert.DoesNotContain(events, item => item.Data.GetRawText().Contains("PRIVATE KEY", StringComparison.Ordinal));
        Assert.DoesNotContain("PRIVATE KEY", (await http.GetJsonAsync(path)).GetRawText(), StringComparison.Ordinal);
        var key = Assert.Single(Directory.GetFiles(host.DataDirectory, "id_ed25519", SearchOption.AllDirectories));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
    }

    [Fact(Timeout = Limit)]
    public async Task A_key_that_the_agent_had_opens_a_VM_and_those_of_other_VMs_in_it_do_not()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Ssh:UseAgent", "true")).CreateClient();
        var identity = SshKeyPair.Generate("identity").PublicOpenSsh;
        host.Tools.AgentKeys[SshPublicKey.Fingerprint(identity)] = identity;
        var first = await http.UntilAsync(await http.CreateVmAsync(), "ready");
        var second = await http.UntilAsync(await http.CreateVmAsync(), "ready");

        Assert.Equal(3, host.Tools.AgentKeys.Count);
        var seed = host.Hypervisor.Seeds[Guid.Parse(second.Text("id")!)].UserData;
        Assert.Contains(identity, seed, StringComparison.Ordinal);
        Assert.Contains(second.Text("publicKey")!, seed, StringComparison.Ordinal);
        Assert.DoesNotContain(first.Text("publicKey")!, seed, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task No_more_VMs_are_made_at_once_than_set_and_all_become_ready()
    {
        await using var host = new FakeHost();
        using var http = host.Start(("Provisioning:Concurrency", "2")).CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("domain"));
        var vms = new List<string>();
        for (var number = 0; number < 5; number++)
            vms.Add(await http.CreateVmAsync());
        await gate.ReachedAsync();
        await gate.ReachedAsync();

        var states = (await http.GetJsonAsync("/vms")).EnumerateArray().Select(vm => vm.Text("state")).Order();
        Assert.Equal(["provisioning", "provisioning", "queued", "queued", "queued"], states);
        Assert.Equal(2, gate.Waiting);
        gate.Open();
        foreach (var vm in vms)
            await http.UntilAsync(vm, "ready");
        Assert.Equal(2, gate.MostWaiting);
        Assert.Equal(5, (await http.GetJsonAsync("/vms")).EnumerateArray().Select(vm => vm.Text("address")).Distinct().Count());
    }
}
