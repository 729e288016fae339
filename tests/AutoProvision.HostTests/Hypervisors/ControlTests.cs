using AutoProvision.Hypervisors;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>NICs, power, sizes, snapshots and copies on real libvirt: one guest goes through all of them, and a copy of it boots.</summary>
public sealed class ControlTests
{
    private const string Data = "/dev/disk/by-id/virtio-data";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 300_000)]
    public async Task A_guest_has_its_addresses_goes_off_and_on_changes_its_size_and_comes_back_from_snapshots()
    {
        await using var app = new HostApp(Micro.Settings());
        var control = app.Services.GetRequiredService<IDomainControl>();
        await using var lan = await OwnNetwork.StartAsync();
        var nics = new NicProofs(app, lan);
        var before = await HostSnapshot.TakeAsync(app);
        await using (var guest = new BareGuest(app, "control") { Disks = ["data"], Nics = NicProofs.Nics(lan) })
        await using (var copy = new BareGuest(app, "copy") { Disks = ["data"], Size = new VmSize(1, Micro.MemoryMiB, 2) })
        {
            await nics.ReserveAsync(guest);
            await guest.StartAsync();
            await nics.HasThemAsync(guest);
            Assert.Equal("2097152 1 1048576", await guest.SayAsync("echo $(cat /sys/block/vda/size) $(nproc) $(($(blockdev --getsize64 $(readlink -f " + Data + ")) / 1024))"));
            await RestoreRunningAsync(control, guest);
            await CopyPausedAsync(control, guest, copy);
            await ShutDownAsync(control, guest);
            await ResizeAsync(control, guest);
            await RestoreStoppedAsync(control, app, guest);
            await control.SwitchOffAsync(guest.Id, Cancellation);
            await BootCopyAsync(copy);
        }
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
        await nics.AreFreeAgainAsync();
    }

    // With its memory: the file is in the guest's RAM, and the disk is another one.
    private static async Task RestoreRunningAsync(IDomainControl control, BareGuest guest)
    {
        await WriteAsync(guest, "before");
        await BareGuest.TimeAsync("snapshot, running", () => control.CreateSnapshotAsync(guest.Id, "running", Cancellation));
        await WriteAsync(guest, "after");

        await BareGuest.TimeAsync("restore, running", () => control.RestoreSnapshotAsync(guest.Id, "running", Cancellation));

        Assert.Equal(DomainPower.Running, await guest.PowerAsync());
        await BareGuest.TimeAsync("SSH after it", guest.ConnectAsync);
        Assert.Equal(("before", "before"), await ReadAsync(guest));
        // Again, as after a call that was cut off: the one of that name is replaced.
        await control.CreateSnapshotAsync(guest.Id, "running", Cancellation);
    }

    private static async Task CopyPausedAsync(IDomainControl control, BareGuest guest, BareGuest copy)
    {
        await WriteAsync(guest, "copied");
        await control.PauseAsync(guest.Id, Cancellation);
        await control.PauseAsync(guest.Id, Cancellation);
        Assert.Equal(DomainPower.Paused, await guest.PowerAsync());

        await BareGuest.TimeAsync("copy of two disks", () => copy.MakeDisksAsync(guest));

        await control.ResumeAsync(guest.Id, Cancellation);
        await WriteAsync(guest, "not copied");
        var failure = await Assert.ThrowsAsync<FailureException>(() => copy.MakeDisksAsync(guest));
        Assert.Equal("hypervisor_refused", failure.Code);
    }

    private static async Task ShutDownAsync(IDomainControl control, BareGuest guest)
    {
        await control.StartAsync(guest.Id, Cancellation);
        await BareGuest.TimeAsync("shut down", async () =>
        {
            await control.AskToShutDownAsync(guest.Id, Cancellation);
            await guest.UntilAsync(DomainPower.Stopped);
        });
        await control.AskToShutDownAsync(guest.Id, Cancellation);
        await control.SwitchOffAsync(guest.Id, Cancellation);
        await BareGuest.TimeAsync("snapshot, off", () => control.CreateSnapshotAsync(guest.Id, "stopped", Cancellation));
        await control.CreateSnapshotAsync(guest.Id, "stopped", Cancellation);
    }

    private static async Task ResizeAsync(IDomainControl control, BareGuest guest)
    {
        await control.ResizeAsync(guest.Id, new VmSize(2, 160, 3), Cancellation);
        await control.ResizeAsync(guest.Id, new VmSize(2, 128, 3), Cancellation);

        await control.StartAsync(guest.Id, Cancellation);
        await BareGuest.TimeAsync("SSH after the start", guest.ConnectAsync);

        Assert.Equal("6291456 2", await guest.SayAsync("echo $(cat /sys/block/vda/size) $(nproc)"));
        Assert.InRange(int.Parse(await guest.SayAsync("sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo")), 80_000, 128 * 1024);
        Assert.Equal("not copied", (await ReadAsync(guest)).Disk);
        Assert.Equal("hypervisor_refused", (await Assert.ThrowsAsync<FailureException>(() => control.ResizeAsync(guest.Id, new VmSize(1, 128, 4), Cancellation))).Code);
    }

    private static async Task RestoreStoppedAsync(IDomainControl control, HostApp app, BareGuest guest)
    {
        await WriteAsync(guest, "later");
        await BareGuest.TimeAsync("restore, off", () => control.RestoreSnapshotAsync(guest.Id, "stopped", Cancellation));
        Assert.Equal(DomainPower.Stopped, await guest.PowerAsync());
        await HasFirstSizesAsync(app, guest);
        // It had other sizes when it was made, too; and it runs.
        await control.ResizeAsync(guest.Id, new VmSize(2, 128, 3), Cancellation);
        await control.RestoreSnapshotAsync(guest.Id, "running", Cancellation);
        await guest.ConnectAsync();
        Assert.Equal(("before", "before"), await ReadAsync(guest));
        await HasFirstSizesAsync(app, guest);
        foreach (var name in new[] { "running", "stopped", "stopped" })
            await control.RemoveSnapshotAsync(guest.Id, name, Cancellation);
        Assert.Empty(await Tool.VirshAsync("snapshot-list", "--name", $"{guest.Id}"));
        Assert.DoesNotContain("stopped", await Tool.OutputAsync("qemu-img", "snapshot", "-U", "-l", Disk(app, guest)));
    }

    private static async Task BootCopyAsync(BareGuest copy)
    {
        await copy.BootAsync();

        Assert.Equal("copied", (await ReadAsync(copy)).Disk);
        Assert.Equal("4194304", await copy.SayAsync("cat /sys/block/vda/size"));
    }

    private static async Task HasFirstSizesAsync(HostApp app, BareGuest guest)
    {
        var xml = await Tool.VirshAsync("dumpxml", "--inactive", $"{guest.Id}");
        Assert.Contains($"<memory unit='KiB'>{Micro.MemoryMiB * 1024}</memory>", xml, StringComparison.Ordinal);
        Assert.Contains(">1</vcpu>", xml, StringComparison.Ordinal);
        Assert.Contains("\"virtual-size\": 1073741824", await Tool.OutputAsync("qemu-img", "info", "-U", "--output=json", Disk(app, guest)), StringComparison.Ordinal);
    }

    private static string Disk(HostApp app, BareGuest guest) => Path.Combine(app.PoolDirectory, $"{guest.Id}.qcow2");

    private static Task<string> WriteAsync(BareGuest guest, string text) => guest.SayAsync($"echo '{text}' >~/file; echo '{text}' | dd of={Data} conv=fsync 2>/dev/null");

    private static async Task<(string File, string Disk)> ReadAsync(BareGuest guest) =>
        (await guest.SayAsync("cat ~/file 2>/dev/null || true"), await guest.SayAsync($"head -n 1 {Data}"));
}
