namespace AutoProvision.Images;

internal static partial class ImageLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Image {Image}: fetching from its {Source}")]
    public static partial void Fetching(this ILogger logger, string image, string source);

    [LoggerMessage(Level = LogLevel.Information, Message = "Image {Image}: available at {Path}")]
    public static partial void Fetched(this ILogger logger, string image, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Image {Image}: {Code}: {Cause}")]
    public static partial void Failed(this ILogger logger, string image, string code, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {Image}: a listener of its progress failed and hears no more of it")]
    public static partial void ListenerFailed(this ILogger logger, string image, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A build's directory {Path} could not be removed: {Reason}")]
    public static partial void BuildTreeLeft(this ILogger logger, string path, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Download of {Url} broke, trying again in {Delay}: {Cause}")]
    public static partial void Retrying(this ILogger logger, Uri url, TimeSpan delay, string cause);
}
