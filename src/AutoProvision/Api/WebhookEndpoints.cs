using AutoProvision.Webhooks;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AutoProvision.Api;

public static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/webhooks", List).WithTags("Events").WithName("listWebhooks").WithSummary("How the webhooks are doing")
            .WithDescription("The endpoints of the settings, by name: how far each has come, what waits for it, and why it took nothing the last time.").ProducesProblem(500);

    private static Ok<IReadOnlyList<WebhookStatus>> List(WebhookWorker webhooks) => TypedResults.Ok(webhooks.List());
}
