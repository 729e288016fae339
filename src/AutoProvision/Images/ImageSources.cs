using AutoProvision.Images.Downloads;

namespace AutoProvision.Images;

/// <summary>The three kinds of source, one of which a validated definition names.</summary>
internal sealed class ImageSources(LocalImageSource local, UrlImageSource url, BuildImageSource build)
{
    public IImageSource For(ImageDefinition image) => image switch
    {
        { HasPath: true } => local,
        { HasUrl: true } => url,
        _ => build,
    };
}
