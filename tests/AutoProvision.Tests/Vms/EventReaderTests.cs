namespace AutoProvision.Vms;

public sealed class EventReaderTests
{
    private const int Limit = 30_000;
    private static readonly Guid One = Guid.CreateVersion7();
    private static readonly Guid Two = Guid.CreateVersion7();

    [Fact(Timeout = Limit)]
    public async Task A_reader_gets_more_than_a_page_and_then_what_is_new_and_only_its_own()
    {
        var log = new EventLog([.. Enumerable.Range(1, 1000).Select(position => Event(position, position % 2 == 0 ? One : Two))], 0);
        var reader = new EventReader(log, 10, EventFilter.All with { Vms = new HashSet<Guid> { One } });
        List<long> read = [];

        await foreach (var what in reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            // Not before it was dealt with.
            Assert.True(reader.Position < what.Position);
            read.Add(what.Position);
            if (what.Position == 1000)
            {
                log.Append(Event(1001, Two), []);
                log.Append(Event(1002, One), []);
            }
            if (what.Position == 1002)
                break;
        }

        Assert.Equal(Enumerable.Range(6, 495).Select(half => 2L * half).Append(1002), read);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_is_so_slow_that_events_are_forgotten_before_it_read_them_is_ended()
    {
        var log = new EventLog([.. Enumerable.Range(1, 600).Select(position => Event(position, position == 500 ? Two : One))], 0);
        List<long> read = [];

        await foreach (var what in new EventReader(log, 0, EventFilter.All).ReadAsync(TestContext.Current.CancellationToken))
        {
            read.Add(what.Position);
            if (what.Position == 100)
                log.Forget(Two, [Event(500, Two)]);
        }

        // To the end of the page it had.
        Assert.Equal(Enumerable.Range(1, 256).Select(position => (long)position), read);
        Assert.Equal(500, log.Forgotten);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_names_its_VMs_is_ended_by_what_they_lost_and_not_by_what_others_did()
    {
        var log = new EventLog([.. Enumerable.Range(1, 600).Select(position => Event(position, position % 2 == 0 ? One : Two))], 0);
        Dictionary<Guid, List<long>> read = new() { [One] = [], [Two] = [] };

        foreach (var vm in (Guid[])[One, Two])
            await foreach (var what in new EventReader(log, 0, EventFilter.All with { Vms = new HashSet<Guid> { vm } }).ReadAsync(TestContext.Current.CancellationToken))
            {
                read[vm].Add(what.Position);
                if (what.Position == 2)
                    log.Append(Event(601, Two), [Event(401, Two)]);
                if (what.Position == 600)
                    break;
            }

        Assert.Equal(300, read[One].Count);
        // What it knows of when it begins is no gap.
        Assert.Empty(read[Two]);
        var again = new EventReader(log, 0, EventFilter.All with { Vms = new HashSet<Guid> { Two } }, log.ForgottenOf(EventFilter.All with { Vms = new HashSet<Guid> { Two } }));
        Assert.Equal(300, await again.ReadAsync(TestContext.Current.CancellationToken).TakeWhile(what => what.Position < 601).CountAsync(TestContext.Current.CancellationToken) + 1);
    }

    [Fact]
    public void Events_that_go_leave_the_others_in_their_order_however_many_go()
    {
        var log = new EventLog([.. Enumerable.Range(1, 10_000).Select(position => Event(position, One))], 0);

        foreach (var position in Enumerable.Range(1, 9_000).Where(position => position % 3 != 0))
            log.Append(Event(10_000 + position, One), [Event(position, One)]);

        Assert.Equal(3_000 + 1_000 + 6_000, log.CountAfter(0, EventFilter.All));
        Assert.Equal(1_000 + 6_000, log.CountAfter(9_000, EventFilter.All));
        Assert.Equal(8_999, log.Forgotten);
    }

    [Fact]
    public void Positions_go_on_after_what_was_forgotten()
    {
        Assert.Equal(0, new EventLog([], 0).Last);
        Assert.Equal(9, new EventLog([Event(4, One)], 9).Last);
        Assert.Equal(12, new EventLog([Event(4, One), Event(12, One)], 9).Last);
    }

    private static VmEvent Event(long position, Guid vm) => new() { Position = position, Vm = vm, Type = VmEventType.Progress };
}
