using AutoProvision.Images.Downloads;
using AutoProvision.Processes;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

public static class ImagesRegistration
{
    /// <summary>Adds <see cref="ImageStore"/> with its options, which are validated at start.</summary>
    public static IServiceCollection AddImages(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ImagesOptions>().Bind(configuration.GetSection(ImagesOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ImagesOptions>, ImagesOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IProcessRunner, ProcessRunner>();
        services.AddHttpClient(Downloader.Client, Configure).ConfigurePrimaryHttpMessageHandler(Handler);
        return services
            .AddSingleton<ImageInspector>()
            .AddSingleton<ImageDirectory>()
            .AddSingleton<Downloader>()
            .AddSingleton<ChecksumLookup>()
            .AddSingleton<LocalImageSource>()
            .AddSingleton<UrlImageSource>()
            .AddSingleton<BuildTree>()
            .AddSingleton<BuildImageSource>()
            .AddSingleton<ImageSources>()
            .AddSingleton(provider => new ImageStore(
                provider.GetRequiredService<IOptions<ImagesOptions>>(),
                provider.GetRequiredService<ImageSources>(),
                provider.GetRequiredService<ImageInspector>(),
                provider.GetRequiredService<ILogger<ImageStore>>()));
    }

    private static void Configure(HttpClient client)
    {
        // A large image over a slow line is fine; a line that gives nothing is not, and the downloader sees to that.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestHeaders.UserAgent.ParseAdd("AutoProvision");
    }

    // No decompression: ranges and checksums are about the bytes as they are stored.
    private static SocketsHttpHandler Handler() => new()
    {
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(30),
    };
}
