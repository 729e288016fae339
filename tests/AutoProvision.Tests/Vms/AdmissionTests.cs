using AutoProvision.Hypervisors;

namespace AutoProvision.Vms;

public sealed class AdmissionTests
{
    private static readonly HostRoom Host = new(MemoryTotalMiB: 8192, MemoryAvailableMiB: 6000, DiskFreeMiB: 100 * 1024, DiskUsedMiB: 10 * 1024);
    private static readonly AdmissionOptions Plain = new() { DiskOvercommit = 1 };

    // One 1000 MiB, 20 GiB VM per state that is named.
    [Theory]
    [InlineData("", 5744, 100)]
    [InlineData("ready", 5744, 90)]
    [InlineData("ready degraded ready ready", 4192, 30)]
    [InlineData("queued provisioning", 3744, 70)]
    [InlineData("ready ready ready ready queued", 3192, 10)]
    [InlineData("stopped", 5744, 90)]
    [InlineData("failed deleting", 5744, 100)]
    [InlineData("failed:disk deleting:disk", 5744, 70)]
    public void There_is_room_for_so_much_and_not_for_more(string others, int mostMemory, int mostDisk)
    {
        var vms = Vms(others);

        Assert.Null(Refusal(mostMemory, 0, vms));
        Assert.Equal("memory_insufficient", Refusal(mostMemory + 1, 0, vms)?.Code);
        Assert.Null(Refusal(64, mostDisk, vms));
        Assert.Equal("disk_insufficient", Refusal(64, mostDisk + 1, vms)?.Code);
    }

    [Theory]
    [InlineData(2.0, 1.0, 11488, 100)]
    [InlineData(0.5, 1.0, 2872, 100)]
    [InlineData(1.0, 2.5, 5744, 250)]
    public void Over_commit_stretches_both(double memory, double disk, int mostMemory, int mostDisk)
    {
        var options = new AdmissionOptions { MemoryOvercommit = memory, DiskOvercommit = disk };

        Assert.Null(Refusal(mostMemory, mostDisk, [], options));
        Assert.Equal("memory_insufficient", Refusal(mostMemory + 1, 0, [], options)?.Code);
        Assert.Equal("disk_insufficient", Refusal(64, mostDisk + 1, [], options)?.Code);
    }

    [Fact]
    public void The_last_of_the_disk_is_kept_whatever_may_be_promised()
    {
        var full = Refusal(64, 1, [], new AdmissionOptions(), Host with { DiskFreeMiB = 511 });

        Assert.Equal(("disk_full", "The disk with the VMs' files has 511 MiB left; 512 MiB have to stay free."), (full?.Code, full?.Cause));
        Assert.Null(Refusal(64, 1, [], new AdmissionOptions(), Host with { DiskFreeMiB = 512 }));
    }

    [Fact]
    public void A_refusal_has_all_the_figures()
    {
        var vms = Vms("ready queued");

        Assert.Equal(
            "4745 MiB of memory do not fit into the 4744 MiB that are left: the host has 8192 MiB, 6000 MiB of them available and 256 MiB of those its own (Admission:MinFreeMemoryMiB); the other VMs hold 2000 MiB, 1000 MiB of them not in use yet; Admission:MemoryOvercommit is 1.",
            Refusal(4745, 1, vms)?.Cause);
        Assert.Equal(
            "A disk of 71 GiB does not fit: 100 GiB are free, so that 100 GiB may be promised (Admission:DiskOvercommit 1), and the other VMs' disks of 40 GiB, of which 10 GiB are written, may still grow by 30 GiB.",
            Refusal(64, 71, vms)?.Cause);
    }

    [Theory]
    [InlineData(8192, 110, false)]
    [InlineData(8193, 111, true)]
    public void What_this_host_can_never_hold_is_said_so(int memory, int disk, bool never)
    {
        Assert.Equal(never, Refusal(memory, 1, [])?.Hint.Contains("can never", StringComparison.Ordinal));
        Assert.Equal(never, Refusal(64, disk, [])?.Hint.Contains("without any other VM", StringComparison.Ordinal));
    }

    private static Failure? Refusal(int memory, int disk, IReadOnlyCollection<Vm> vms, AdmissionOptions? options = null, HostRoom? host = null)
    {
        try
        {
            Admission.Check(Spec(memory, disk), vms, host ?? Host, options ?? Plain);
            return null;
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
    }

    private static List<Vm> Vms(string states) =>
    [
        .. states.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(':')).Select(text => new Vm
        {
            Id = Guid.NewGuid(),
            Spec = Spec(1000, 20),
            State = Enum.Parse<VmState>(text[0], ignoreCase: true),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Mac = "52:54:00:00:00:01",
            Begun = text[1..],
        }),
    ];

    private static VmSpec Spec(int memory, int disk) =>
        new() { Name = "web", Image = "tiny", Cpus = 1, MemoryMiB = memory, DiskGiB = disk, User = "tester" };
}
