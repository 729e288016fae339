using AutoProvision.Images.Downloads;

namespace AutoProvision.Images;

public sealed class PartialStateTests
{
    private static readonly DateTimeOffset Date = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("\"strong\"", true, "\"strong\"")]
    [InlineData("\"strong\"", false, "\"strong\"")]
    [InlineData("W/\"weak\"", true, "Fri, 02 Jan 2026 03:04:05 GMT")]
    [InlineData("W/\"weak\"", false, null)]
    [InlineData(null, true, "Fri, 02 Jan 2026 03:04:05 GMT")]
    [InlineData(null, false, null)]
    public void A_download_goes_on_by_what_names_the_same_bytes(string? tag, bool dated, string? condition)
    {
        var state = new PartialState(new("http://example.org/x"), "", tag, dated ? Date : null);

        Assert.Equal(condition, state.Condition()?.ToString());
    }
}
