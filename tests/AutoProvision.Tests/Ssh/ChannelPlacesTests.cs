namespace AutoProvision.Ssh;

public sealed class ChannelPlacesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_finds_none_free_waits_for_its_turn()
    {
        var places = new ChannelPlaces(2);
        await places.EnterAsync(Cancellation);
        await places.EnterAsync(Cancellation);
        var (third, fourth) = (places.EnterAsync(Cancellation), places.EnterAsync(Cancellation));

        places.Leave();
        await third;
        Assert.False(fourth.IsCompleted);
        places.Leave();
        await fourth;
    }

    [Fact]
    public async Task Where_the_guest_allows_fewer_nobody_waits()
    {
        var places = new ChannelPlaces(3);
        for (var taken = 0; taken < 3; taken++)
            await places.EnterAsync(Cancellation);
        var waiting = places.EnterAsync(Cancellation);

        Assert.True(places.LeaveRefused());

        await Assert.ThrowsAsync<ConnectionFullException>(() => waiting);
        await Assert.ThrowsAsync<ConnectionFullException>(() => places.EnterAsync(Cancellation));
        places.Leave();
        await places.EnterAsync(Cancellation);
        await Assert.ThrowsAsync<ConnectionFullException>(() => places.EnterAsync(Cancellation));
    }

    /// <summary>It may have been short of processes for a moment.</summary>
    [Fact]
    public async Task Once_all_have_left_the_guest_is_asked_for_as_many_as_before()
    {
        var places = new ChannelPlaces(2);
        await places.EnterAsync(Cancellation);
        await places.EnterAsync(Cancellation);
        Assert.True(places.LeaveRefused());

        places.Leave();

        await places.EnterAsync(Cancellation);
        await places.EnterAsync(Cancellation);
    }

    [Fact]
    public async Task A_refusal_without_others_says_nothing_about_how_many_there_may_be()
    {
        var places = new ChannelPlaces(2);
        await places.EnterAsync(Cancellation);

        Assert.False(places.LeaveRefused());

        await places.EnterAsync(Cancellation);
        await places.EnterAsync(Cancellation);
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_its_turn_to_the_next()
    {
        var places = new ChannelPlaces(1);
        await places.EnterAsync(Cancellation);
        using var impatient = new CancellationTokenSource();
        var (first, second) = (places.EnterAsync(impatient.Token), places.EnterAsync(Cancellation));

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        places.Leave();

        await second;
    }
}
