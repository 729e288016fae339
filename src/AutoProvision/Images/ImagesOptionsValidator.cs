using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

/// <summary>Finds every fault of the section at once, each named by its configuration key.</summary>
public sealed partial class ImagesOptionsValidator : IValidateOptions<ImagesOptions>
{
    public ValidateOptionsResult Validate(string? name, ImagesOptions options)
    {
        List<string> faults = [.. General(options)];
        foreach (var (image, definition) in options.Catalog.OrderBy(e => e.Key, StringComparer.Ordinal))
            faults.AddRange(Image(image, definition).Select(fault => $"Images:Catalog:{image}: {fault}"));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> General(ImagesOptions options)
    {
        if (!Path.IsPathFullyQualified(options.Directory))
            yield return $"Images:Directory must be an absolute path, not '{options.Directory}'.";
        if (!Path.IsPathFullyQualified(options.ScriptDirectory))
            yield return $"Images:ScriptDirectory must be an absolute path, not '{options.ScriptDirectory}'.";
        if (options.Catalog.Count == 0)
            yield return "Images:Catalog names no image.";
        if (options.Retries < 0)
            yield return "Images:Retries must not be negative.";
        foreach (var (key, value) in Durations(options))
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
                yield return $"Images:{key} must be more than zero and at most a day, not {value}.";
    }

    private static IEnumerable<(string Key, TimeSpan Value)> Durations(ImagesOptions options) =>
    [
        (nameof(options.DownloadTimeout), options.DownloadTimeout),
        (nameof(options.StallTimeout), options.StallTimeout),
        (nameof(options.RetryDelay), options.RetryDelay),
        (nameof(options.MaxRetryDelay), options.MaxRetryDelay),
        (nameof(options.BuildTimeout), options.BuildTimeout),
    ];

    private static IEnumerable<string> Image(string name, ImageDefinition image)
    {
        if (!ImageName().IsMatch(name))
            yield return "the name must be up to 64 lower-case letters, digits, '.', '_' and '-', and start with a letter or digit.";
        if (!UserName().IsMatch(image.User))
            yield return $"User '{image.User}' is no user name.";
        var sources = new[] { image.HasPath, image.HasUrl, image.HasBuild }.Count(given => given);
        if (sources != 1)
            yield return $"give exactly one of Path, Url and Build ({sources} are given; an empty string takes a default away).";
        foreach (var fault in Source(image).Concat(Checksum(image)))
            yield return fault;
    }

    private static IEnumerable<string> Source(ImageDefinition image)
    {
        if (image.HasPath && !Path.IsPathFullyQualified(image.Path!))
            yield return $"Path must be absolute, not '{image.Path}'.";
        if (image.HasUrl && Http(image.Url) is null)
            yield return $"Url must be an absolute http or https address, not '{image.Url}'.";
        else if (image.HasUrl && Path.GetFileName(Http(image.Url)!.AbsolutePath).Length == 0)
            yield return "Url must end in a file name.";
        if (image.HasBuild && !ScriptName().IsMatch(image.Build!))
            yield return $"Build must be the plain name of a script, not '{image.Build}'.";
    }

    private static IEnumerable<string> Checksum(ImageDefinition image)
    {
        string?[] given = [.. new[] { image.Sha256, image.Sha512, image.ChecksumUrl }.Where(c => !string.IsNullOrWhiteSpace(c))];
        if (image.HasUrl && given.Length != 1)
            yield return $"a Url goes with exactly one of Sha256, Sha512 and ChecksumUrl ({given.Length} are given).";
        if (!image.HasUrl && given.Length != 0)
            yield return "a checksum goes only with a Url.";
        if (!string.IsNullOrWhiteSpace(image.Sha256) && !Hex().IsMatch(image.Sha256) | image.Sha256.Length != 64)
            yield return "Sha256 must be 64 hex digits.";
        if (!string.IsNullOrWhiteSpace(image.Sha512) && !Hex().IsMatch(image.Sha512) | image.Sha512.Length != 128)
            yield return "Sha512 must be 128 hex digits.";
        if (!string.IsNullOrWhiteSpace(image.ChecksumUrl) && !Trusted(image.ChecksumUrl))
            yield return "ChecksumUrl must be an https address (plain http, which anyone on the way can change, only on this machine).";
    }

    private static bool Trusted(string url) => Http(url) is { } uri && (uri.Scheme == Uri.UriSchemeHttps || uri.IsLoopback);

    private static Uri? Http(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp) ? uri : null;

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex ImageName();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex ScriptName();

    [GeneratedRegex(@"^[a-z_][a-z0-9_.-]{0,31}\z")]
    private static partial Regex UserName();

    [GeneratedRegex(@"^[0-9A-Fa-f]+\z")]
    private static partial Regex Hex();
}
