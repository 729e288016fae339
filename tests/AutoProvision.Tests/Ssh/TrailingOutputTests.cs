namespace AutoProvision.Ssh;

/// <summary>Looks at the output of a shell that has exited, one each 50 ms.</summary>
public sealed class TrailingOutputTests
{
    private const int Most = 100_000;

    [Fact]
    public void Where_nothing_more_comes_it_is_over_after_a_quarter_of_a_second() => Assert.Equal(6, LooksUntilOver(_ => (1000, false)));

    [Fact]
    public void What_trickles_is_not_the_shells_own_and_is_taken_for_less_than_a_second() => Assert.InRange(LooksUntilOver(look => (look * 100, false)), 10, 17);

    [Fact]
    public void What_comes_fast_is_taken_until_it_ends() => Assert.Equal(45, LooksUntilOver(look => (Math.Min(look, 40) * 1_000_000L, false)));

    [Fact]
    public void A_pause_of_the_guest_shorter_than_a_quarter_of_a_second_cuts_nothing_off() =>
        Assert.Equal(105, LooksUntilOver(look => (Math.Min(look, 100) / 5 * 5 * 1_000_000L, false)));

    [Fact]
    public void While_the_reader_is_late_nothing_is_over() => Assert.Equal(206, LooksUntilOver(look => (1000, look <= 200)));

    [Fact]
    public void More_than_sshd_can_hold_is_not_the_shells_own() => Assert.Equal(259, LooksUntilOver(look => (look * 1024L * 1024, true)));

    private static int LooksUntilOver(Func<int, (long Received, bool IsReaderLate)> see)
    {
        var trailing = new TrailingOutput();
        for (var look = 1; look < Most; look++)
            if (trailing.IsOver(see(look).Received, see(look).IsReaderLate))
                return look;
        return Most;
    }
}
