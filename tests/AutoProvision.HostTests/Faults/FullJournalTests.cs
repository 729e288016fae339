using System.Net;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Faults;

/// <summary>The disk under the journal is full: no VM is taken up, but those that are there can go. It heals by itself.</summary>
public sealed class FullJournalTests
{
    [Fact(Timeout = 300_000)]
    public async Task With_a_full_journal_vms_can_be_deleted_and_with_room_again_they_can_be_made()
    {
        await using var disk = await SmallDisk.MountAsync(sizeMiB: 64);
        await using var app = new HostApp(Micro.Settings(("AutoProvision:DataDirectory", Path.Combine(disk.Directory, "data"))));
        var before = await HostSnapshot.TakeAsync(app);
        var vm = (await app.WaitUntilMadeAsync((await app.CreateAsync(Micro.Request("earlier"))).Id)).Id;

        disk.Fill();
        using var refused = await app.PostAsync(Micro.Request("no-room"));
        var text = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Console.WriteLine($"figure: full journal: POST is answered {(int)refused.StatusCode}");
        Assert.True(refused.StatusCode == HttpStatusCode.InsufficientStorage, text);
        Assert.Contains("\"journal_full\"", text);
        Assert.Equal("here\n", (await app.ExecAsync(vm, "echo here")).Stdout);
        await app.DeleteAsync(vm);
        Console.WriteLine("figure: full journal: a VM is deleted all the same");
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));

        disk.Empty();
        var healed = await app.CreateAsync(Micro.Request("healed"));
        await app.UntilAsync(healed.Id, what => what is { Type: VmEventType.StepCompleted, Step: "keys" });
        Console.WriteLine("figure: full journal, space returned: the next POST is accepted, its VM is being made");
        await app.DeleteAsync(healed.Id);
    }
}
