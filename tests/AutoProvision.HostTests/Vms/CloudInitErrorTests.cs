using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>
/// A VM with all that can be asked for, two things of which go wrong inside. Of the image that the other tests do not boot, since
/// what cloud-init says of errors is where its versions differ most.
/// </summary>
public sealed class CloudInitErrorTests
{
    private const string NetworkConfig = """
        version: 2
        ethernets:
          eth0:
            dhcp4: true
            dhcp4-overrides: {route-metric: 77}
        """;

    [Fact(Timeout = 900_000)]
    public async Task A_failing_command_and_a_missing_package_make_the_vm_degraded_and_are_named()
    {
        await using var repository = await AptRepository.StartAsync();
        await using var app = new HostApp();
        var created = await app.CreateAsync(new
        {
            name = "degraded",
            image = Debian.OtherImage,
            user = "alice",
            files = new[] { new { path = "/home/alice/note.txt", content = "yes: [no]\n", owner = "alice:alice", mode = "0640" } },
            hosts = new[] { new { address = "192.0.2.7", names = new[] { "registry.example", "registry" } } },
            runCommands = new[] { "echo begun > /run/begun", "false" },
            packages = new[] { "no-such-parcel" },
            userData = $"#cloud-config\napt: {{preserve_sources_list: false, sources_list: '{repository.Source}'}}\n",
            networkConfig = NetworkConfig,
        });

        var vm = await app.WaitUntilMadeAsync(created.Id);

        Assert.True(vm.State == VmState.Degraded, JsonSerializer.Serialize(vm));
        Assert.Equal(("spec_not_met", "cloud-init", Verified.Full), (vm.Failure!.Code, vm.Failure.Step, vm.Verified));
        Assert.Equal(new SpecMismatch("/packages/0", "the package no-such-parcel", "not installed"), Assert.Single(vm.Failure.Mismatches!));
        Assert.Matches("scripts[-_]user: .*00-runcommands", vm.Failure.Cause);
        Assert.Matches("package[-_]update[-_]upgrade[-_]install: .*no-such-parcel", vm.Failure.Cause);
        // What cloud-init 22.4 warns of in its log is an echo of these, and nothing else. Later ones list some of it as errors of their own.
        if (Debian.OtherImage == "debian-12")
            Assert.DoesNotMatch("Running module|Failed to|re-raising", vm.Failure.Cause);
        Assert.Contains("E: Unable to locate package no-such-parcel", vm.Failure.Evidence, StringComparison.Ordinal);
        await Debian.IsAsPromisedAsync(app, vm.Id, Debian.OtherImage);
        Assert.Equal("alice\nbegun\n", (await app.ExecAsync(vm.Id, "id -un; cat /run/begun")).Stdout);
        Assert.Equal("yes: [no]\nalice:alice 640\n", (await app.ExecAsync(vm.Id, "cat note.txt; stat -c '%U:%G %a' note.txt")).Stdout);
        Assert.Equal("192.0.2.7", (await app.ExecAsync(vm.Id, "getent hosts registry.example | cut -d' ' -f1")).Stdout.Trim());
        Assert.Contains("dev eth0 proto dhcp", (await app.ExecAsync(vm.Id, "ip route show default metric 77")).Stdout);
        // cloud-init's own schema has the last word on the user-data; it prints what it does not like.
        var schema = await app.ExecAsync(vm.Id, "sudo cloud-init schema --system");
        Assert.True(schema.ExitCode == 0 && schema.Stdout.Contains("Valid"), schema.Stdout + schema.Stderr);
        await VerificationTimes.PrintAsync(app, vm.Id);
        await app.DeleteAsync(vm.Id);
    }
}
