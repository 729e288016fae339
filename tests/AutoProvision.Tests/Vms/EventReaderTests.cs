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
                log.Append(Event(1001, Two));
                log.Append(Event(1002, One));
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
                log.Forget(Two);
        }

        // To the end of the page it had.
        Assert.Equal(Enumerable.Range(1, 256).Select(position => (long)position), read);
        Assert.Equal(500, log.Forgotten);
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
