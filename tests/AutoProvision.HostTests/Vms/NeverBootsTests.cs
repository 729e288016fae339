using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>An image whose boot sector says one sentence on the serial port and stops.</summary>
public sealed class NeverBootsTests
{
    private const string LastWords = "NO SYSTEM HERE, HALTED";

    [Fact(Timeout = 300_000)]
    public async Task It_fails_within_its_deadline_with_the_consoles_tail()
    {
        var image = Path.Combine(Path.GetTempPath(), $"autoprovision-dead-{Guid.NewGuid():N}.img");
        await File.WriteAllBytesAsync(image, BootSector.Saying(LastWords + "\r\n"), TestContext.Current.CancellationToken);
        try
        {
            await using var app = new HostApp(new() { ["Images:Catalog:dead:Path"] = image, ["Provisioning:Timeouts:Address"] = "00:00:15" });
            var before = await HostSnapshot.TakeAsync(app);

            var created = await app.CreateAsync(new { name = "dead", image = "dead", memoryMiB = 256, cpus = 1, diskGiB = 1 });
            var vm = await app.WaitUntilMadeAsync(created.Id);

            Assert.Equal(VmState.Failed, vm.State);
            Assert.Equal(("address_timeout", "address"), (vm.Failure!.Code, vm.Failure.Step));
            Assert.Contains(LastWords, vm.Failure.Evidence);
            // Everything was undone at once, without a DELETE.
            Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
            await app.DeleteAsync(vm.Id);
        }
        finally
        {
            File.Delete(image);
        }
    }
}
