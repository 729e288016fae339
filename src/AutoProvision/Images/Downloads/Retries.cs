using AutoProvision.Vms;

namespace AutoProvision.Images.Downloads;

/// <summary>Tries again, ever more slowly, what a network or server broke; bytes won in between start the count anew.</summary>
internal sealed class Retries(ImagesOptions options, TimeProvider time, ILogger logger)
{
    /// <remarks><paramref name="position"/> tells how far it is; more than before means that the last try was not in vain.</remarks>
    /// <exception cref="FailureException"><c>image_download_failed</c> when tries or time are used up; any other passes through at once.</exception>
    public async Task<T> RunAsync<T>(Uri url, Func<CancellationToken, Task<T>> attempt, Func<long> position, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.DownloadTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await TryAsync(url, attempt, position, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw ImageFailures.Download(url, $"it took longer than {options.DownloadTimeout}.", e);
        }
    }

    private async Task<T> TryAsync<T>(Uri url, Func<CancellationToken, Task<T>> attempt, Func<long> position, CancellationToken cancellation)
    {
        for (var vain = 0; ; vain++)
        {
            var before = position();
            try
            {
                return await attempt(cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                if (position() > before)
                    vain = 0;
                if (vain >= options.Retries)
                    throw ImageFailures.Download(url, e.Message, e);
                await PauseAsync(url, vain, e, cancellation);
            }
        }
    }

    private Task PauseAsync(Uri url, int vain, Exception cause, CancellationToken cancellation)
    {
        var delay = TimeSpan.FromTicks(Math.Min(options.RetryDelay.Ticks << Math.Min(vain, 20), options.MaxRetryDelay.Ticks));
        logger.Retrying(url, delay, cause.Message);
        return Task.Delay(delay, time, cancellation);
    }
}
