using Microsoft.Extensions.Options;

namespace AutoProvision.Webhooks;

public static class WebhooksRegistration
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WebhooksOptions>().Bind(configuration.GetSection(WebhooksOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WebhooksOptions>, WebhooksOptionsValidator>();
        // Without the client's own logger: an address may have a secret in it.
        services.AddHttpClient(WebhookSender.Client, Configure).ConfigurePrimaryHttpMessageHandler(Handler).RemoveAllLoggers();
        return services
            .AddSingleton<WebhookSender>()
            .AddSingleton<WebhookWorker>()
            .AddHostedService(provider => provider.GetRequiredService<WebhookWorker>());
    }

    private static void Configure(HttpClient client)
    {
        // Each attempt has a deadline of its own, by the service's clock.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestHeaders.UserAgent.ParseAdd("AutoProvision");
    }

    // A redirect would carry the event to somewhere else; a name that moves to another machine is looked up again.
    private static SocketsHttpHandler Handler() => new() { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) };
}
