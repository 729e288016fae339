namespace AutoProvision.Api;

/// <summary>Gives every refusal that has no body a problem document; goes around all other middleware.</summary>
internal sealed class StatusCodeProblems : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseStatusCodePages();
        next(app);
    };
}
