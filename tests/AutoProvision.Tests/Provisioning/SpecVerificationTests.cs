using System.Text.Json;
using AutoProvision.CloudInit;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Fakes;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Provisioning;

/// <summary>From what a guest found of what was asked for to what the VM says.</summary>
public sealed class SpecVerificationTests
{
    private const int Limit = 30_000;
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB me@here";
    private const string Body = """{"name": "web", "users": [{"name": "app", "groups": ["crew"]}], "packages": ["parcel"]}""";
    private static readonly string[] Fine = ["/name ok", "/packages/0 ok", "/user ok", "/users/0/name ok", "/users/0/shell ok", "/users/0/groups/0 ok", "time 1034.07 1034.28"];

    private static readonly VmSpec Whole = VmRules.Smallest with
    {
        Name = "web",
        User = "debian",
        AuthorizedKeys = [Key],
        Users = [new VmUser("app", ["crew"], Sudo: true, "/bin/sh", [Key]), new VmUser("ops", [], Sudo: false, "/bin/bash", [])],
        Files = [new VmFile("/srv/a", "text", "app:crew", "0640"), new VmFile("/etc/hosts", "127.0.0.1 localhost\n"), new VmFile("/srv/b", "AP8=", IsBase64: true)],
        Hosts = [new VmHost("192.0.2.7", ["db"])],
        Environment = new Dictionary<string, string> { ["TOKEN"] = "secret" },
        Packages = ["parcel", "a=1"],
        Disks = [new VmDisk("data", 1, "/data"), new VmDisk("spare", 1)],
        Timezone = "Asia/Kathmandu",
        SwapMiB = 128,
    };

    [Fact]
    public void Each_thing_of_the_request_has_its_pointer()
    {
        string[] files = [.. new[] { 0, 1, 2 }.SelectMany(index => new[] { "", "/owner", "/mode", "/content" }.Select(part => $"/files/{index}{part}"))];
        Assert.Equal(
        [
            "/name", .. files, "/packages/0", "/packages/1", "/hosts/0", "/environment/TOKEN", "/timezone", "/user", "/authorizedKeys/0",
            "/users/0/name", "/users/0/shell", "/users/0/groups/0", "/users/0/sudo", "/users/0/authorizedKeys/0", "/users/1/name", "/users/1/shell",
            "/disks/0/mountPoint", "/disks/1", "/swapMiB",
        ], SpecVerification.Script(Of(Whole)).Checks.Select(check => check.Pointer));
    }

    [Fact]
    public void A_copy_looks_at_what_is_made_for_the_copy() =>
        Assert.Equal(
        [
            "/name", "/user", "/authorizedKeys/0", "/users/0/name", "/users/0/sudo", "/users/0/authorizedKeys/0", "/users/1/name", "/disks/0/mountPoint", "/disks/1", "/swapMiB",
        ], SpecVerification.Script(Of(Whole) with { CloneOf = Guid.NewGuid() }).Checks.Select(check => check.Pointer));

    [Theory]
    [InlineData("/etc/hosts", true)]
    [InlineData("/etc/passwd", true)]
    [InlineData("/etc/ssh/sshd_config", true)]
    [InlineData("/etc/ssh/sshd_config.d/50-cloud-init.conf", true)]
    [InlineData("/etc/sudoers", true)]
    [InlineData("/etc/sudoers.d/90-cloud-init-users", true)]
    [InlineData("/etc/shells", true)]
    [InlineData("/etc/shells", false, false)]
    [InlineData("/etc/sudoers.d/50-ours", false)]
    [InlineData("/etc/ssh/sshd_config.d/10-ours.conf", false)]
    [InlineData("/etc/default/locale", false)]
    [InlineData("/etc/hostname", false)]
    public void What_the_system_writes_to_as_well_only_needs_to_be_there(string path, bool isShared, bool hasPackages = true)
    {
        var spec = VmRules.Smallest with { Name = "web", User = "debian", Files = [new VmFile(path, "x\n")], Packages = hasPackages ? ["fish"] : [] };

        var content = SpecVerification.Script(Of(spec)).Checks.Single(check => check.Pointer == "/files/0/content");

        Assert.Equal(isShared ? "as it was given" : "2 bytes as they were given", content.Expected);
    }

    [Fact]
    public void The_script_is_roots_the_first_file_and_the_first_script_to_run()
    {
        foreach (var userData in new[] { null, "#cloud-config\nwrite_files: [{path: /etc/x}]\n" })
        {
            var files = MergedUserData.Root(UserData.Seed(Of(Whole with { UserData = userData }), Pair, [Key], [null]).UserData).At("write_files");

            Assert.Equal((VerificationScript.Path, "0700"), (files.Text(0, "path"), files.Text(0, "permissions")));
            Assert.StartsWith("#!/bin/sh\n", files.Text(0, "content"), StringComparison.Ordinal);
        }
        var written = (YamlSequenceNode)MergedUserData.Root(UserData.Seed(Of(Whole), Pair, [Key], [null]).UserData).At("write_files");
        var settling = written.Select(file => file.Text("path")).Single(path => path.EndsWith("-settle", StringComparison.Ordinal));
        Assert.Equal(Path.GetDirectoryName(VerificationScript.Path), Path.GetDirectoryName(settling));
        Assert.True(string.CompareOrdinal(settling, VerificationScript.Path) < 0);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_has_everything_is_ready_and_verified_in_full()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Verified(Fine));
        var path = await http.CreateVmAsync(Body);

        var vm = await http.UntilAsync(path, "ready");

        Assert.Equal("full", vm.Text("verified"));
        Assert.False(vm.TryGetProperty("failure", out _));
        var events = await http.FollowUntilAsync(path, "ready");
        Assert.Single(events, what => what.Data.TryGetProperty("message", out var message) && message.GetString() == "Verified: full (6 ok, 0 differ, 0 missing, 0 unknown) in 210 ms in the guest.");
        // In the exec that was made for cloud-init's end, and no other.
        Assert.Single(host.Guests.Requests, request => request.Command.Contains("autoprovision-verified", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_missing_or_differs_makes_the_VM_degraded_and_is_listed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Verified([.. Fine[..4], "/users/0/shell differs /bin/dash", "/users/0/groups/0 missing not a member"]));
        var path = await http.CreateVmAsync(Body);

        var vm = await http.UntilAsync(path, "degraded");

        var failure = vm.GetProperty("failure");
        Assert.Equal(("full", "spec_not_met", "cloud-init"), (vm.Text("verified"), failure.Text("code"), failure.Text("step")));
        Assert.Equal("""[{"pointer":"/users/0/shell","expected":"/bin/bash","seen":"/bin/dash"},{"pointer":"/users/0/groups/0","expected":"a member of crew","seen":"not a member"}]""",
            JsonSerializer.Serialize(failure.GetProperty("mismatches")));
        Assert.Equal("The guest is not as it was asked for: /users/0/shell: /bin/dash; /users/0/groups/0: not a member.", failure.Text("cause"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_cloud_init_says_itself_is_told_beside_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.VerifiedBeside(FakeAnswers.CloudInitError, [.. Fine[1..], "/name differs localhost"]));

        var vm = await http.UntilAsync(await http.CreateVmAsync(Body), "degraded");

        var failure = vm.GetProperty("failure");
        Assert.Equal("spec_not_met", failure.Text("code"));
        Assert.Contains("/name: localhost. cloud-init reports: scripts-user: Runparts: 1 failures", failure.Text("cause"), StringComparison.Ordinal);
        Assert.Contains("DataSourceNoCloud", failure.Text("evidence"), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("partial", "/name ok")]
    [InlineData("partial", "/name ok", "/packages/0 unknown no dpkg", "/users/0/name unknown")]
    [InlineData("none", "/name unknown no /proc")]
    [InlineData("none", "garbage", "/etc/passwd missing", "\u0000\u0001 ok")]
    [InlineData("none")]
    public async Task What_nobody_can_tell_degrades_nothing(string verified, params string[] lines)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Verified(lines));

        Assert.Equal(verified, (await http.UntilAsync(await http.CreateVmAsync(Body), "ready")).Text("verified"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_runs_no_scripts_of_ours_is_ready_and_not_verified()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var path = await http.CreateVmAsync(Body);

        Assert.Equal("none", (await http.UntilAsync(path, "ready")).Text("verified"));
        var events = await http.FollowUntilAsync(path, "ready");
        Assert.Contains(events, what => what.Data.TryGetProperty("message", out var message) && message.GetString()!.StartsWith("Verified: none.", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_is_verified_by_its_own_spec_and_its_original_stays_as_it_was()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.CloudInit = (attempt, _) => Task.FromResult(attempt == 1
            ? FakeAnswers.Verified([.. Fine[..1], "/packages/0 missing not installed", .. Fine[2..]])
            : FakeAnswers.Verified("/name differs web", "/packages/0 missing not installed", "/user ok", "/users/0/name ok", "/users/0/shell ok", "/users/0/groups/0 ok"));
        var original = await http.CreateVmAsync(Body);
        await http.UntilAsync(original, "degraded");
        using var answer = await http.PostJsonAsync($"{original}/clone", """{"name": "copy"}""");
        var copy = $"/vms/{(await answer.ReadJsonAsync(System.Net.HttpStatusCode.Accepted)).Text("id")}";

        var vm = await http.UntilAsync(copy, "degraded");

        Assert.Equal("""[{"pointer":"/name","expected":"copy","seen":"web"}]""", JsonSerializer.Serialize(vm.GetProperty("failure").GetProperty("mismatches")));
        Assert.Equal("/packages/0", (await http.UntilAsync(original, "degraded")).GetProperty("failure").GetProperty("mismatches")[0].Text("pointer"));
        var seed = host.Hypervisor.Seeds[Guid.Parse(vm.Text("id")!)].UserData;
        Assert.Contains("hostname '/name' 'copy'", MergedUserData.Root(seed).Text("write_files", 0, "content"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Stopping_starting_and_a_restart_of_the_service_change_nothing_of_it()
    {
        await using var host = new FakeHost();
        var first = host.Start();
        using var http = first.CreateClient();
        host.Guests.CloudInit = (attempt, _) => Task.FromResult(attempt == 1 ? FakeAnswers.Verified([.. Fine[1..], "/name differs localhost"]) : throw new InvalidOperationException("It is asked once."));
        var path = await http.CreateVmAsync(Body);
        var before = await http.UntilAsync(path, "degraded");
        await http.OperateAsync($"{path}/snapshots", """{"name": "first"}""");
        await http.OperateAsync($"{path}/restart");
        await http.OperateAsync($"{path}/snapshots/first/restore");
        var restarted = await http.UntilAsync(path, "degraded");

        using var again = (await host.KillAndStartAsync(first)).CreateClient();
        var after = await again.UntilAsync(path, "degraded");

        Assert.All([restarted, after], vm => Assert.Equal(("full", before.GetProperty("failure").GetRawText()), (vm.Text("verified"), vm.GetProperty("failure").GetRawText())));
    }

    [Fact]
    public void No_more_is_told_than_people_read_and_all_of_it_counts()
    {
        var spec = VmRules.Smallest with { Name = "web", User = "debian", Packages = [.. Enumerable.Range(0, 1000).Select(number => $"p{number}")] };
        var answer = VerificationAnswer.Parse(string.Concat(Enumerable.Range(0, 1000).Select(number => $"/packages/{number}\tmissing\tnot installed\n")));

        var verdict = SpecVerification.Judge(Of(spec), answer);
        var failure = SpecVerification.Failure(verdict.Mismatches, null)!;

        Assert.Equal(1000, verdict.Mismatches.Count);
        Assert.Equal(100, failure.Mismatches!.Count);
        Assert.EndsWith("/packages/4: not installed; and 995 more.", failure.Cause, StringComparison.Ordinal);
        Assert.Equal(Verified.Partial, verdict.Verified);
    }

    // In the largest request there may be: 64 users with 256 keys each, a thousand of everything else.
    [Fact]
    public void The_largest_request_has_an_answer_that_is_read_whole()
    {
        var spec = VmRules.Smallest with
        {
            Name = "web",
            User = "debian",
            Users = [.. Enumerable.Range(0, 64).Select(user => new VmUser($"user{user}", [.. Enumerable.Range(0, 64).Select(group => $"group{group}")], Sudo: true, "/bin/sh", [.. Enumerable.Repeat(Key, 256)]))],
            Packages = [.. Enumerable.Range(0, 1000).Select(number => $"p{number}")],
            Files = [.. Enumerable.Range(0, 1000).Select(number => new VmFile($"/srv/{number}", "x"))],
            Hosts = [.. Enumerable.Range(0, 1000).Select(number => new VmHost("192.0.2.7", [$"h{number}"]))],
        };
        var script = SpecVerification.Script(Of(spec));
        var answer = string.Concat(script.Checks.Where(check => check.Expected != "the key").Select(check => $"{check.Pointer}\tmissing\tnot in authorized_keys\n"));

        Assert.Equal(1000, script.Build().Split('\n').Count(line => line.StartsWith("key ", StringComparison.Ordinal)));
        Assert.InRange(answer.Length, 100_000, int.Parse(Steps.VerificationProbe.MostBytes, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(script.Checks.Count, script.Checks.Select(check => check.Pointer).Distinct().Count());
    }

    private static SshKeyPair Pair => new("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost host");

    private static Vm Of(VmSpec spec) => new() { Id = Guid.NewGuid(), Spec = spec, State = VmState.Provisioning, CreatedAt = DateTimeOffset.UnixEpoch, Mac = "52:54:00:00:00:01" };
}
