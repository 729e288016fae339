using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>A pool that cannot be written to is told by the preflight, and by each step that writes there.</summary>
public sealed class PoolFailureTests
{
    private const int Limit = 30_000;
    private static readonly Guid Id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit)]
    // Nobody, root included, makes a directory in the one or a file in the other.
    [InlineData("/dev/null/pool")]
    [InlineData("/proc")]
    public async Task It_is_told(string pool)
    {
        await using var host = new LibvirtHost(pool);
        Func<Task>[] writes =
        [
            () => host.Hypervisor.CreateSeedAsync(Id, new SeedFiles("", "", null), Cancellation),
            () => host.Hypervisor.CreateDiskAsync(Id, new BaseImage("base", "/base", "qcow2", 1, "debian"), 1, Cancellation),
            () => host.Hypervisor.CreateDomainAsync(new DomainSpec(Id, "web", 1, 96, [new Nic("52:54:00:00:00:01")], []), Cancellation),
        ];

        var report = await host.Hypervisor.InspectAsync(Cancellation);

        Assert.Single(report.Problems, problem => problem.Code == "pool_unusable" && problem.Cause.Contains(pool, StringComparison.Ordinal));
        foreach (var write in writes)
            Assert.Equal("pool_unusable", (await Assert.ThrowsAsync<FailureException>(write)).Code);
        Assert.DoesNotContain("virt-install", host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_works_is_probed_without_a_trace()
    {
        await using var host = new LibvirtHost();

        var reports = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => host.Get<HostInspector>().InspectAsync(Cancellation), Cancellation)));

        Assert.All(reports, report => Assert.DoesNotContain(report.Problems, problem => problem.Code == "pool_unusable"));
        Assert.All(reports, report => Assert.NotNull(report.Pool.FreeMiB));
        Assert.Empty(Directory.GetFileSystemEntries(host.Pool));
    }

    [Theory]
    [InlineData(28, "disk_full")]
    [InlineData(122, "disk_full")]
    [InlineData(5, "pool_unusable")]
    public void A_full_disk_is_told_from_a_broken_one(int errno, string code) =>
        Assert.Equal(code, PoolFailures.Tell("/pool", new IOException("why", errno)).Code);

    [Fact]
    public void The_kernels_word_for_a_full_disk_is_understood()
    {
        // Every write to it is refused with ENOSPC.
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

        Assert.Equal("disk_full", PoolFailures.Tell("/pool", Assert.Throws<IOException>(() => full.Write([1]))).Code);
    }
}
