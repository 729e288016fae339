using System.Collections.Concurrent;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

/// <summary>The base images: what there is, and the way to get one, which is made once however many ask.</summary>
public sealed class ImageStore
{
    private readonly Dictionary<string, ImageDefinition> catalog;
    private readonly ImageSources sources;
    private readonly ImageInspector inspector;
    private readonly ILogger<ImageStore> logger;
    private readonly Lock gate = new();
    private readonly Dictionary<string, ImageFlight> flights = [];
    private readonly ConcurrentDictionary<string, LastFailure> failures = new();

    internal ImageStore(IOptions<ImagesOptions> options, ImageSources sources, ImageInspector inspector, ILogger<ImageStore> logger)
    {
        catalog = new(options.Value.Catalog, StringComparer.Ordinal);
        (this.sources, this.inspector, this.logger) = (sources, inspector, logger);
        Names = [.. catalog.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The names of the catalogue, in order.</summary>
    public IReadOnlyCollection<string> Names { get; }

    public bool Knows(string name) => catalog.ContainsKey(name);

    /// <summary>The catalogue as it stands at this moment; looks at files, never fetches.</summary>
    public IReadOnlyList<ImageStatus> List() => [.. Names.Select(Status)];

    /// <summary>Gives the image, fetching or building it first where that is needed.</summary>
    /// <param name="name">As in the catalogue.</param>
    /// <param name="progress">Told of fetching and building, from any thread; never told when the image is here already.</param>
    /// <param name="cancellation">Gives up this caller's wait; the work itself stops when nobody waits any more.</param>
    /// <exception cref="FailureException">
    /// <c>image_unknown</c>, <c>image_missing</c>, <c>image_download_failed</c>, <c>image_checksum_missing</c>, <c>image_checksum_mismatch</c>,
    /// <c>image_disk_full</c>, <c>image_storage_failed</c>, <c>image_build_failed</c>, <c>image_unsafe</c>, <c>image_unreadable</c>;
    /// <c>tool_missing</c> and <c>tool_timeout</c> of qemu-img.
    /// </exception>
    public async Task<BaseImage> EnsureAsync(string name, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        if (!Knows(name))
            throw ImageFailures.Unknown(name, Names);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var flight = FlightOf(name);
            if (flight.TryJoin(progress))
                return await flight.WaitAsync(progress, cancellation);
            await flight.Ended.WaitAsync(cancellation);
            Land(name, flight);
        }
    }

    private ImageFlight FlightOf(string name)
    {
        lock (gate)
        {
            if (!flights.TryGetValue(name, out var flight))
                flights[name] = flight = new((me, stop) => ProvideAsync(name, me, stop), e => logger.ListenerFailed(name, e));
            return flight;
        }
    }

    private void Land(string name, ImageFlight flight)
    {
        lock (gate)
            if (flights.TryGetValue(name, out var current) && ReferenceEquals(current, flight))
                flights.Remove(name);
    }

    private async Task<BaseImage> ProvideAsync(string name, ImageFlight flight, CancellationToken cancellation)
    {
        var (image, path) = (catalog[name], (string?)null);
        try
        {
            path = sources.For(image).Find(name, image) ?? await FetchAsync(name, image, flight, cancellation);
            var info = await inspector.InspectAsync(path, cancellation);
            failures.TryRemove(name, out _);
            return new(name, path, info.Format, info.VirtualSizeBytes, image.User);
        }
        catch (Exception e) when (Told(name, path, e) is { } failure)
        {
            logger.Failed(name, failure.Code, failure.Failure.Cause);
            failures[name] = new(failure.Failure, path);
            throw failure;
        }
        finally
        {
            Land(name, flight);
        }
    }

    private async Task<string> FetchAsync(string name, ImageDefinition image, ImageFlight flight, CancellationToken cancellation)
    {
        var source = sources.For(image);
        logger.Fetching(name, source.Kind);
        var path = await source.FetchAsync(name, image, flight, cancellation);
        logger.Fetched(name, path);
        return path;
    }

    private static FailureException? Told(string name, string? path, Exception exception) => exception switch
    {
        FailureException failure => failure,
        IOException or UnauthorizedAccessException => ImageFailures.Storage(path ?? name, exception),
        _ => null,
    };

    private ImageStatus Status(string name)
    {
        var (image, source) = (catalog[name], sources.For(catalog[name]));
        ImageProgress? latest;
        lock (gate)
            latest = flights.GetValueOrDefault(name)?.Latest;
        var path = source.Find(name, image);
        // A failure speaks of the file that was there then; once that has changed it is history.
        var failure = latest is null && failures.TryGetValue(name, out var last) && last.Path == path ? last.Failure : null;
        var size = path is null ? null : (long?)new FileInfo(path).Length;
        return new(name, source.Kind, image.Description, image.User, State(latest, failure, path), latest?.Percent, size, failure);
    }

    private static ImageState State(ImageProgress? latest, Failure? failure, string? path) => latest switch
    {
        { Phase: ImageProgress.Building } => ImageState.Building,
        not null => ImageState.Fetching,
        null when failure is not null => ImageState.Failed,
        _ => path is null ? ImageState.Absent : ImageState.Available,
    };

    private sealed record LastFailure(Failure Failure, string? Path);
}
