namespace AutoProvision.Vms;

public sealed class ExpiryRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("30m", 1800)]
    [InlineData("2h", 7200)]
    [InlineData("7d", 604_800)]
    [InlineData("0001s", 1)]
    [InlineData("PT2H", 7200)]
    [InlineData("PT90S", 90)]
    [InlineData("P1D", 86_400)]
    [InlineData("P2W", 1_209_600)]
    [InlineData("P1DT2H3M4S", 93_784)]
    [InlineData("PT1H30M", 5400)]
    [InlineData("3650d", 315_360_000)]
    public void A_duration_is_counted_from_now(string text, int seconds)
    {
        var faults = new FaultList([]);

        Assert.Equal(Now.AddSeconds(seconds), ExpiryRules.Complete(text, null, Now, faults));
        faults.ThrowIfAny();
    }

    [Theory]
    [InlineData("3600", "has no unit")]
    [InlineData("", "is no duration")]
    [InlineData(" 1h", "is no duration")]
    [InlineData("1 h", "is no duration")]
    [InlineData("1h30m", "is no duration")]
    [InlineData("1H", "is no duration")]
    [InlineData("1.5h", "is no duration")]
    [InlineData("-1h", "is no duration")]
    [InlineData("1w", "is no duration")]
    [InlineData("h", "is no duration")]
    [InlineData("\u0661h", "is no duration")]
    [InlineData("1h\n", "is no duration")]
    [InlineData("P", "is no duration")]
    [InlineData("PT", "is no duration")]
    [InlineData("P1DT", "is no duration")]
    [InlineData("P1M", "is no duration")]
    [InlineData("P1Y", "is no duration")]
    [InlineData("PT1.5H", "is no duration")]
    [InlineData("0s", "is out of range")]
    [InlineData("PT0S", "is out of range")]
    [InlineData("4000d", "is out of range")]
    [InlineData("999999999999d", "is out of range")]
    [InlineData("9999999999999d", "is no duration")]
    public void Anything_else_is_one_fault(string text, string detail)
    {
        var faults = new FaultList([]);

        ExpiryRules.Complete(text, null, Now, faults);

        var fault = Assert.Single(Assert.Throws<InvalidRequestException>(faults.ThrowIfAny).Faults);
        Assert.Equal(("/expiresIn", "expiry_invalid"), (fault.Pointer, fault.Code));
        Assert.Contains(detail, fault.Detail, StringComparison.Ordinal);
        Assert.Contains("PT2H", fault.Hint, StringComparison.Ordinal);
    }
}
