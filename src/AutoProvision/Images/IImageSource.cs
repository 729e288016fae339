namespace AutoProvision.Images;

/// <summary>Where an image comes from: a file of this host, an address, or a build.</summary>
internal interface IImageSource
{
    /// <summary>As shown to callers: <c>file</c>, <c>url</c>, <c>build</c>.</summary>
    string Kind { get; }

    /// <summary>The complete file that answers this definition now, or null. Looks only; quick enough for a listing.</summary>
    string? Find(string name, ImageDefinition image);

    /// <summary>Makes the file and returns its path. Called when <see cref="Find"/> gave nothing; two processes may call it at once.</summary>
    Task<string> FetchAsync(string name, ImageDefinition image, IProgress<ImageProgress> progress, CancellationToken cancellation);
}
