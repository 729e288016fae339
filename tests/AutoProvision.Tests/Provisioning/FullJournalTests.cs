using System.Runtime.CompilerServices;
using AutoProvision.Fakes;
using AutoProvision.Vms;
using AutoProvision.Vms.Journal;
using Microsoft.Data.Sqlite;

namespace AutoProvision.Provisioning;

/// <summary>The journal's disk is full, and its reserve is used up, while a VM is made.</summary>
public sealed class FullJournalTests
{
    private const int Limit = 30_000;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(7);

    [Theory(Timeout = Limit)]
    [InlineData("domain")]
    [InlineData("agent")]
    public async Task A_job_whose_end_of_a_step_cannot_be_written_goes_on_there_once_it_can(string step)
    {
        await using var host = new FakeHost();
        var app = host.Start(("Provisioning:TeardownRetry", "00:00:07"), ("Ssh:UseAgent", "true"));
        using var http = app.CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.After(step));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();
        var domain = Assert.Single(host.Hypervisor.Domains).Value;
        Fill(app.Get<VmJournal>(), app.Get<VmStore>(), domain.Info.Id);

        gate.Open();
        await host.Time.WaitedForAsync(Retry);
        Assert.Same(domain, Assert.Single(host.Hypervisor.Domains).Value);
        Limited(app.Get<VmJournal>(), pages: int.MaxValue);
        await host.Time.PassAsync(Retry);

        var events = await http.FollowUntilAsync(vm, "ready", "failed");
        Assert.Equal("ready", events[^1].Data.Text("state"));
        Assert.DoesNotContain(events, item => item.EventType == "step.failed");
        Assert.Same(domain, Assert.Single(host.Hypervisor.Domains).Value);
    }

    // Up to the last byte that the shortest event could take.
    private static void Fill(VmJournal journal, VmStore store, Guid vm)
    {
        Limited(journal, pages: 1);
        foreach (var length in new[] { 1000, 0 })
            Assert.Equal("journal_full", Assert.Throws<FailureException>(() =>
            {
                for (var i = 0; i < 1000; i++)
                    store.Report(vm, new VmEvent { Type = VmEventType.Progress, Message = length > 0 ? new string('x', length) : null });
            }).Code);
    }

    // SQLite answers as it does on a full disk; fewer pages than there are means none more.
    private static void Limited(VmJournal journal, int pages)
    {
        using var command = ConnectionOf(journal).CreateCommand();
        command.CommandText = $"PRAGMA max_page_count = {pages}";
        command.ExecuteScalar();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connection")]
    private static extern ref SqliteConnection ConnectionOf(VmJournal journal);
}
