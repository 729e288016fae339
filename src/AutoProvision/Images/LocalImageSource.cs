namespace AutoProvision.Images;

/// <summary>A file the operator put there: used in place, never changed or removed.</summary>
internal sealed class LocalImageSource : IImageSource
{
    public string Kind => "file";

    public string? Find(string name, ImageDefinition image) => File.Exists(image.Path) ? image.Path : null;

    public Task<string> FetchAsync(string name, ImageDefinition image, IProgress<ImageProgress> progress, CancellationToken cancellation) =>
        Task.FromException<string>(ImageFailures.Missing(name, image.Path!));
}
