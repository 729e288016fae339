using System.Collections.Concurrent;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

/// <summary>The base images: what there is, and the way to get one, which is made once however many ask.</summary>
public sealed class ImageStore
{
    private readonly Dictionary<string, ImageDefinition> _catalog;
    private readonly ImageSources _sources;
    private readonly ImageInspector _inspector;
    private readonly ILogger<ImageStore> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ImageFlight> _flights = [];
    private readonly ConcurrentDictionary<string, LastFailure> _failures = new();

    internal ImageStore(IOptions<ImagesOptions> options, ImageSources sources, ImageInspector inspector, ILogger<ImageStore> logger)
    {
        _catalog = new(options.Value.Catalog, StringComparer.Ordinal);
        (_sources, _inspector, _logger) = (sources, inspector, logger);
        Names = [.. _catalog.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The names of the catalogue, in order.</summary>
    public IReadOnlyCollection<string> Names { get; }

    public bool Knows(string name) => _catalog.ContainsKey(name);

    /// <summary>The image's own sudo user; null for an image that is not in the catalogue. Looks at no file.</summary>
    public string? UserOf(string name) => _catalog.GetValueOrDefault(name)?.User;

    /// <summary>Users that are in the image, where its recipe wrote that down; none where it did not, or the image is not here. Looks at files.</summary>
    public IReadOnlySet<string> UsersIn(string name) =>
        _catalog.TryGetValue(name, out var image) && _sources.For(image).Find(name, image) is { } path ? ImageAccounts.UsersOf(path) : new HashSet<string>();

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
        lock (_gate)
        {
            if (!_flights.TryGetValue(name, out var flight))
                _flights[name] = flight = new((me, stop) => ProvideAsync(name, me, stop), e => _logger.ListenerFailed(name, e));
            return flight;
        }
    }

    private void Land(string name, ImageFlight flight)
    {
        lock (_gate)
            if (_flights.TryGetValue(name, out var current) && ReferenceEquals(current, flight))
                _flights.Remove(name);
    }

    private async Task<BaseImage> ProvideAsync(string name, ImageFlight flight, CancellationToken cancellation)
    {
        var (image, path) = (_catalog[name], (string?)null);
        try
        {
            path = _sources.For(image).Find(name, image) ?? await FetchAsync(name, image, flight, cancellation);
            var info = await _inspector.InspectAsync(path, cancellation);
            _failures.TryRemove(name, out _);
            return new(name, path, info.Format, info.VirtualSizeBytes, image.User);
        }
        catch (Exception e) when (Told(name, path, e) is { } failure)
        {
            _logger.Failed(name, failure.Code, failure.Failure.Cause);
            _failures[name] = new(failure.Failure, path);
            throw failure;
        }
        finally
        {
            Land(name, flight);
        }
    }

    private async Task<string> FetchAsync(string name, ImageDefinition image, ImageFlight flight, CancellationToken cancellation)
    {
        var source = _sources.For(image);
        _logger.Fetching(name, source.Kind);
        var path = await source.FetchAsync(name, image, flight, cancellation);
        _logger.Fetched(name, path);
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
        var (image, source) = (_catalog[name], _sources.For(_catalog[name]));
        ImageProgress? latest;
        lock (_gate)
            latest = _flights.GetValueOrDefault(name)?.Latest;
        var path = source.Find(name, image);
        // A failure speaks of the file that was there then; once that has changed it is history.
        var failure = latest is null && _failures.TryGetValue(name, out var last) && last.Path == path ? last.Failure : null;
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
