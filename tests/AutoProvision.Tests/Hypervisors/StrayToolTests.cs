using System.Diagnostics;

namespace AutoProvision.Hypervisors;

/// <summary>What a killed service's tools still make is awaited before it is removed.</summary>
public sealed class StrayToolTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();
    private readonly List<Process> _started = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit)]
    [InlineData("qemu-img")]
    [InlineData("genisoimage")]
    [InlineData("virt-install")]
    public async Task A_tool_that_is_still_at_it_is_awaited(string tool)
    {
        var stray = Start(tool, Disk);
        var removing = RemoveAsync();
        await _host.Time.PassAsync(Interval);
        Assert.False(removing.IsCompleted);

        // Only now it makes the disk, and ends.
        stray.StandardInput.Close();
        await stray.WaitForExitAsync(Cancellation);

        await _host.Time.PassUntilAsync(Interval, removing, true);
        Assert.False(File.Exists(Disk));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_hangs_is_killed()
    {
        var stray = Start("qemu-img", Disk);
        var removing = RemoveAsync();
        await _host.Time.PassAsync(Interval);

        _host.Time.Advance(TimeSpan.FromSeconds(10));

        await _host.Time.PassUntilAsync(Interval, removing, true);
        await stray.WaitForExitAsync(Cancellation);
        Assert.Equal(128 + 9, stray.ExitCode);
    }

    [Theory(Timeout = Limit)]
    [InlineData("qemu-img", "0199d3a4-0000-7000-8000-000000000001")]
    [InlineData("tail", null)]
    public async Task Other_programs_and_those_of_other_VMs_are_left_alone(string tool, string? other)
    {
        var process = Start(tool, other is null ? Disk : Path.Combine(_host.Pool, $"{other}.qcow2"));

        Assert.True(await RemoveAsync());

        Assert.False(process.HasExited);
    }

    [Fact(Timeout = Limit)]
    public async Task A_copy_for_another_VM_may_go_on_reading()
    {
        var copy = Start("qemu-img", "convert", Disk, Path.Combine(_host.Pool, $"{Guid.NewGuid()}.qcow2"));

        Assert.True(await RemoveAsync());

        Assert.False(copy.HasExited);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
        await _host.DisposeAsync();
    }

    private string Disk => Path.Combine(_host.Pool, $"{_id}.qcow2");

    private async Task<bool> RemoveAsync()
    {
        await _host.Hypervisor.RemoveDiskAsync(_id, Cancellation);
        return true;
    }

    /// <summary>A shell that goes by the tool's name, waits for the end of its input and then writes the file.</summary>
    private Process Start(string tool, params string[] arguments)
    {
        Directory.CreateDirectory(_host.Pool);
        var script = _host.File(tool);
        File.WriteAllText(script, "read -r line\necho made > \"$1\"\n");
        var process = Process.Start(new ProcessStartInfo("sh", [script, .. arguments]) { RedirectStandardInput = true })!;
        _started.Add(process);
        return process;
    }
}
