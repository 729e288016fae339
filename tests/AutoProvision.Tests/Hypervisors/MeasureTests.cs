using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

public sealed class MeasureTests
{
    private const int Limit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task The_room_is_that_of_the_host_and_of_the_disk_under_the_pool()
    {
        await using var host = new LibvirtHost();

        var room = await host.Hypervisor.MeasureAsync(Cancellation);

        Assert.InRange(room.MemoryAvailableMiB, 1, room.MemoryTotalMiB);
        Assert.InRange(room.DiskFreeMiB, 0, new DriveInfo(host.Pool).TotalSize / 1024 / 1024);
        Assert.Equal(0, room.DiskUsedMiB);
        Assert.Empty(host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task Only_disks_count_as_used()
    {
        await using var host = new LibvirtHost();
        await host.Hypervisor.MeasureAsync(Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(host.Pool, $"{Guid.NewGuid()}.qcow2"), new byte[3 << 20], Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(host.Pool, $"{Guid.NewGuid()}.qcow2"), new byte[2 << 20], Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(host.Pool, $"{Guid.NewGuid()}.seed.iso"), new byte[1 << 20], Cancellation);

        Assert.Equal(5, (await host.Hypervisor.MeasureAsync(Cancellation)).DiskUsedMiB);
    }

    [Fact(Timeout = Limit)]
    public async Task A_pool_that_cannot_be_made_is_told()
    {
        await using var host = new LibvirtHost("/dev/null/pool");

        Assert.Equal("pool_unusable", (await Assert.ThrowsAsync<FailureException>(() => host.Hypervisor.MeasureAsync(Cancellation))).Code);
    }
}
