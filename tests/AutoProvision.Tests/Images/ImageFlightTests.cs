using AutoProvision.Vms;

namespace AutoProvision.Images;

public sealed class ImageFlightTests
{
    private const int Limit = 30_000;
    private static readonly BaseImage Image = new("base", "/base", "qcow2", 1, "debian");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Work_that_ended_before_anyone_joined_gives_its_image()
    {
        var flight = Start((_, _) => Task.FromResult(Image));
        await flight.Ended.WaitAsync(Cancellation);

        Assert.True(flight.TryJoin(null));
        Assert.Same(Image, await flight.WaitAsync(null, Cancellation));
    }

    [Fact(Timeout = Limit)]
    public async Task Work_that_failed_before_anyone_joined_gives_its_failure()
    {
        var flight = Start((_, _) => throw ImageFailures.Missing("base", "/base"));
        await flight.Ended.WaitAsync(Cancellation);

        Assert.True(flight.TryJoin(null));
        Assert.Equal("image_missing", (await Assert.ThrowsAsync<FailureException>(() => flight.WaitAsync(null, Cancellation))).Code);
    }

    [Fact(Timeout = Limit)]
    public async Task Work_that_everyone_gave_up_is_not_joined()
    {
        var flight = Start(async (_, stop) =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return Image;
        });
        using var leaving = new CancellationTokenSource();
        Assert.True(flight.TryJoin(null));
        var waiting = flight.WaitAsync(null, leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(flight.TryJoin(null));
    }

    private static ImageFlight Start(Func<ImageFlight, CancellationToken, Task<BaseImage>> work) => new(work, _ => { });
}
