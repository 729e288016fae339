using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>Debian guests that go down by their user-data, or stay up by it; of the fault harness' long form alone, as each is a boot or two.</summary>
public sealed class GoingDownTests
{
    private const string Why = "Each guest of Debian takes a minute: only in the long form (AUTOPROVISION_FAULT_ROUNDS).";

    private static readonly Expected[] Cases =
    [
        new("poweroff", "{mode: poweroff}", VmState.Stopped, "The guest switched itself off, as the power_state of its user-data says."),
        new("halt", "{mode: halt}", VmState.Stopped, "The guest switched itself off, as the power_state of its user-data says."),
        new("later", "{mode: poweroff, delay: 30}", VmState.Ready, "The guest will go down at "),
        new("never", "{mode: poweroff, condition: [sh, -c, 'sleep 3; exit 1']}", VmState.Ready, "exited 1. condition not met."),
    ];

    [Fact(Timeout = 1_800_000)]
    public async Task A_guest_ends_as_its_power_state_says_and_one_that_went_off_can_be_started()
    {
        Assert.SkipUnless(FaultRounds.Long, Why);
        await using var app = new HostApp();
        foreach (var expected in Cases)
        {
            var created = await app.CreateAsync(new { name = expected.Name, image = Debian.Image, userData = $"#cloud-config\npower_state: {expected.PowerState}\n" });
            var vm = await app.WaitAsync(created.Id, VmState.Ready, VmState.Degraded, VmState.Failed, VmState.Stopped);
            var events = await app.HistoryAsync(vm.Id);

            Assert.True(vm.State == expected.State && vm.Failure is null, JsonSerializer.Serialize(vm));
            Assert.Contains(events, what => what.Message?.Contains(expected.Message, StringComparison.Ordinal) == true);
            Console.WriteLine($"figure: a guest with power_state {expected.PowerState}: {vm.State} after {(events[^1].At - events[0].At).TotalSeconds:0} s");
            if (vm.State == VmState.Stopped)
                await StartAsync(app, vm);
            await app.DeleteAsync(vm.Id);
        }
    }

    /// <summary>Of an image that nobody knows the accounts of, so that the name is not refused.</summary>
    [Theory(Timeout = 900_000)]
    [InlineData("backup", "first-user: backup is an account of this image already, and its shell lets nobody in")]
    [InlineData("bin", "first-user: bin is an account of this image already, and its shell lets nobody in")]
    public async Task A_name_that_is_taken_is_told_in_the_guests_own_words(string user, string words)
    {
        Assert.SkipUnless(FaultRounds.Long, Why);
        var images = Directory.CreateTempSubdirectory("autoprovision-images-");
        try
        {
            images.UnixFileMode = (UnixFileMode)0b111_101_101;
            var from = Environment.GetEnvironmentVariable("AUTOPROVISION_IMAGE_DIR") ?? "/var/lib/autoprovision/images";
            File.Copy(Path.Combine(from, $"{Debian.Image}.qcow2"), Path.Combine(images.FullName, "unknown.qcow2"));
            await using var app = new HostApp(new() { ["Images:Catalog:unknown:Path"] = Path.Combine(images.FullName, "unknown.qcow2"), ["Provisioning:Timeouts:Ssh"] = "00:01:00" });

            var vm = await app.WaitUntilMadeAsync((await app.CreateAsync(new { name = "taken", image = "unknown", user })).Id);

            Assert.True(vm.State == VmState.Failed && vm.Failure!.Cause.Contains(words, StringComparison.Ordinal), JsonSerializer.Serialize(vm));
            Console.WriteLine($"figure: a user named {user}: {vm.Failure!.Code}: {vm.Failure.Cause.Replace(':', ',')}");
        }
        finally
        {
            images.Delete(recursive: true);
        }
    }

    private static async Task StartAsync(HostApp app, VmResource vm)
    {
        using var started = await app.CreateClient().PostAsync(new Uri($"/vms/{vm.Id}/start", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await app.UntilAsync(vm.Id, what => what.Type == VmEventType.OperationCompleted);
        Assert.Equal("up\n", (await app.ExecAsync(vm.Id, "echo up")).Stdout);
    }

    private sealed record Expected(string Name, string PowerState, VmState State, string Message);
}
