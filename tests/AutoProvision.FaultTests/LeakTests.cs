using System.Net;
using AutoProvision.Fakes;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>VMs come and go, and the service stays as it was.</summary>
public sealed class LeakTests
{
    private const int WarmUp = 500;
    private const int Cycles = 200;
    private const int Attempts = 3;
    private const int MostDescriptors = 5;
    private const double MostGrowth = 0.10;

    [Fact(Timeout = 900_000)]
    public async Task Vms_that_came_and_went_leave_no_files_descriptors_or_memory()
    {
        await using var machine = new FakeMachine();
        // What is kept of deleted VMs for a while is no leak.
        var service = await machine.StartAsync([], ("Provisioning:DeletedRetention", "00:00:01"));
        await CycleAsync(service.Http, WarmUp);
        var before = Measure(machine, service);
        // A leak grows with every cycle; the garbage collector's own ups and downs do not.
        for (var attempt = 1; ; attempt++)
        {
            await CycleAsync(service.Http, Cycles);
            var after = Measure(machine, service);
            var (descriptors, growth) = (after.Descriptors - before.Descriptors, (after.Kilobytes / (double)before.Kilobytes) - 1);
            Figure.Print($"{attempt * Cycles} create/delete cycles", $"{descriptors:+0;-0;0} file descriptors of {before.Descriptors}, "
                + $"{growth:+0.0%;-0.0%} RSS of {before.Kilobytes / 1024} MiB, {after.Files.Except(before.Files).Count()} files left");
            Assert.Equal(before.Files, after.Files);
            Assert.Empty(machine.Traces);
            if (descriptors <= MostDescriptors && growth <= MostGrowth)
                return;
            Assert.True(attempt < Attempts, $"{descriptors} more file descriptors and {growth:0.0%} more memory after {attempt * Cycles} cycles, and never less");
        }
    }

    private static async Task CycleAsync(HttpClient http, int times)
    {
        for (var cycle = 0; cycle < times; cycle++)
        {
            var record = new EventRecord(await http.CreateVmAsync());
            await record.FollowToEndAsync(http);
            Assert.Equal("ready", record.State);
            Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteVmAsync(record.Vm)).Status);
            await record.FollowToEndAsync(http);
        }
    }

    private static (int Descriptors, long Kilobytes, IReadOnlyList<string> Files) Measure(FakeMachine machine, RunningService service) =>
        (Directory.GetFileSystemEntries($"/proc/{service.Pid}/fd").Length, ResidentMemory.Of(service.Pid), machine.Files);
}
