using System.Net;
using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Faults;

/// <summary>The disk under the pool is full: before a request, while a VM is made, and under a running guest. It heals by itself.</summary>
public sealed class FullPoolTests
{
    private const int DiskMiB = 96;
    private const int MinFreeMiB = 16;

    [Fact(Timeout = 300_000)]
    public async Task A_full_pool_refuses_fails_and_pauses_vms_until_it_has_room_again()
    {
        await using var disk = await SmallDisk.MountAsync(DiskMiB);
        var filling = new FillingRunner(disk);
        await using var app = new HostApp(Settings(disk), services => services.AddSingleton<IProcessRunner>(filling));
        var before = await HostSnapshot.TakeAsync(app);

        disk.Fill();
        await ShowRefusalAsync(app);
        disk.Empty();
        await ShowFailureAsync(app, filling);
        disk.Empty();
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));

        var vm = await app.WaitUntilMadeAsync((await app.CreateAsync(Micro.Request("healed"))).Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));
        Console.WriteLine("figure: full pool, space returned: the next POST is accepted and ready");
        await ShowPauseAsync(app, disk, vm.Id);

        await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    private static Dictionary<string, string> Settings(SmallDisk disk) => Micro.Settings(
        ("Libvirt:PoolDirectory", Path.Combine(disk.Directory, "pool")),
        ("Admission:MinFreeDiskMiB", $"{MinFreeMiB}"),
        // A disk of 1 GiB is promised on one of less than a tenth of that.
        ("Admission:DiskOvercommit", "100"),
        ("Provisioning:ReconcileInterval", "00:00:01"));

    private static async Task ShowRefusalAsync(HostApp app)
    {
        using var refused = await app.PostAsync(Micro.Request("no-room"));
        var text = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Console.WriteLine($"figure: full pool: POST is answered {(int)refused.StatusCode}, {JsonElement.Parse(text).GetProperty("code")}");
        Assert.True(refused.StatusCode == HttpStatusCode.InsufficientStorage, text);
        Assert.Contains("\"disk_full\"", text);
    }

    private static async Task ShowFailureAsync(HostApp app, FillingRunner filling)
    {
        filling.Armed = true;
        var vm = await app.WaitUntilMadeAsync((await app.CreateAsync(Micro.Request("filled-up"))).Id);
        Console.WriteLine($"figure: pool full while a VM is made: {vm.Failure?.Code} in step {vm.Failure?.Step}");
        Assert.Equal((VmState.Failed, "disk_full", "disk"), (vm.State, vm.Failure?.Code, vm.Failure?.Step));
        await app.DeleteAsync(vm.Id);
    }

    // QEMU pauses a guest whose write finds no room; the guest itself notices nothing of it.
    private static async Task ShowPauseAsync(HostApp app, SmallDisk disk, Guid id)
    {
        disk.Fill(leftMiB: MinFreeMiB / 2);
        var writing = app.ExecAsync(id, "dd if=/dev/zero of=/dev/vda bs=1M seek=64 count=16 conv=fsync && echo written");
        await app.UntilAsync(id, what => what.Failure?.Code == "disk_full");
        Assert.Contains("paused", await Tool.VirshAsync("domstate", id.ToString()));
        await ShowRefusalAsync(app);

        disk.Empty();

        var back = DateTimeOffset.UtcNow;
        Assert.Equal("written\n", (await writing).Stdout);
        Console.WriteLine($"figure: guest paused by a full pool: goes on {(DateTimeOffset.UtcNow - back).TotalSeconds:0.0} s after space is back");
        Assert.Equal(VmState.Ready, (await app.GetAsync(id)).State);
    }

    /// <summary>Fills the disk up just before a VM's own disk is made on it.</summary>
    private sealed class FillingRunner(SmallDisk disk) : IProcessRunner
    {
        private readonly ProcessRunner _runner = new(TimeProvider.System);

        public bool Armed { get; set; }

        public Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation)
        {
            if (Armed && command.FileName == "qemu-img" && command.Arguments[0] == "create")
            {
                Armed = false;
                disk.Fill();
            }
            return _runner.RunAsync(command, cancellation);
        }
    }
}
