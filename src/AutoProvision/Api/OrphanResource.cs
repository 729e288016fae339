using AutoProvision.Hypervisors;

namespace AutoProvision.Api;

/// <summary>Something of this service's making that no VM accounts for.</summary>
public sealed record OrphanResource
{
    /// <summary>The id of the VM that it was made for.</summary>
    public required Guid Id { get; init; }

    /// <summary>Name of its domain; absent when there are only files.</summary>
    public string? Name { get; init; }

    /// <summary>Whether its domain runs; absent when there are only files.</summary>
    public DomainPower? Power { get; init; }

    /// <summary>Its files on the service's host.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>When the VM was asked for, by its id.</summary>
    public DateTimeOffset? Since { get; init; }

    public static OrphanResource From(Orphan orphan) => new()
    {
        Id = orphan.Id,
        Name = orphan.Name,
        Power = orphan.Power,
        Files = orphan.Files,
        Since = MadeAt(orphan.Id),
    };

    // RFC 9562: a UUID of version 7 begins with 48 bits of Unix time in milliseconds.
    // A file may be named after one that nobody ever made.
    private static DateTimeOffset? MadeAt(Guid id) =>
        id.Version == 7 && Convert.ToInt64(id.ToString("N")[..12], 16) is var milliseconds && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
