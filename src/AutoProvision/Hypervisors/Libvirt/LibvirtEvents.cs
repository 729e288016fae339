using System.Text.RegularExpressions;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// libvirt's lifecycle events, as <c>virsh event</c> prints them: each line at once, to a pipe too. A guest that a full disk
/// pauses is among them ("Suspended I/O Error").
/// </summary>
public sealed partial class LibvirtEvents(Virsh virsh) : IDomainEvents
{
    // virsh is connected before it begins on the command, though it may take a moment more until it is told of events: whoever
    // looks at the domains because the watch has begun looks later than that.
    public Task WatchAsync(Action begun, Action<string> happened, CancellationToken cancellation) =>
        virsh.FollowAsync("event --loop --event lifecycle", begun, line =>
        {
            if (DomainOf(line) is { } domain)
                happened(domain);
        }, cancellation);

    /// <summary>The domain that one of virsh's lines is about; null for a line that is about none.</summary>
    public static string? DomainOf(string line) => Line().Match(line) is { Success: true } match ? match.Groups["domain"].Value : null;

    // virshEventLifecyclePrint in libvirt's tools/virsh-domain-event.c; older ones have the name without quotes. A name may have quotes,
    // colons and spaces, but no newline; what comes after it has no colon.
    [GeneratedRegex(@"^event 'lifecycle' for domain (?:'(?<domain>.+)'|(?<domain>[^'].*)): \w[^:]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
