using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;

namespace AutoProvision.Api;

/// <summary>
/// Refuses query parameters that a route does not have: a misspelt filter would list everything. Which ones it has is read off its handler,
/// as the framework binds it, so that there is no list to keep.
/// </summary>
internal static class KnownParameters
{
    public static RouteGroupBuilder RefuseUnknownParameters(this RouteGroupBuilder routes) => routes.AddEndpointFilter((call, next) =>
    {
        Check(call.HttpContext);
        return next(call);
    });

    private static void Check(HttpContext http)
    {
        if (http.Request.Query.Count == 0 || http.GetEndpoint() is not RouteEndpoint route)
            return;
        var known = route.Metadata.GetOrderedMetadata<IParameterBindingMetadata>().Where(parameter => IsInQuery(parameter, route)).Select(NameOf).ToList();
        var hint = known.Count == 0 ? "No query parameter is taken here." : $"Known parameters: {string.Join(", ", known)}.";
        var faults = new FaultList([]);
        // As the binder, which does not care for case.
        foreach (var name in http.Request.Query.Keys.Where(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)))
            faults.Add(JsonPointer.To("", name), "parameter_unknown", $"There is no query parameter \"{name}\" here.", hint);
        faults.ThrowIfAny();
    }

    private static bool IsInQuery(IParameterBindingMetadata parameter, RouteEndpoint route)
    {
        var attributes = parameter.ParameterInfo.GetCustomAttributes(inherit: true);
        if (attributes.OfType<IFromQueryMetadata>().Any())
            return true;
        var isElsewhere = attributes.Any(attribute => attribute is IFromHeaderMetadata or IFromRouteMetadata or IFromBodyMetadata or IFromFormMetadata or IFromServiceMetadata);
        return !isElsewhere && !parameter.HasBindAsync && route.RoutePattern.GetParameter(parameter.Name) is null && IsText(parameter);
    }

    // What is neither text nor read from one is a service.
    private static bool IsText(IParameterBindingMetadata parameter) =>
        parameter.HasTryParse || parameter.ParameterInfo.ParameterType is var type && (type == typeof(string) || type == typeof(StringValues) || type.IsArray);

    private static string NameOf(IParameterBindingMetadata parameter) =>
        parameter.ParameterInfo.GetCustomAttributes(inherit: true).OfType<IFromQueryMetadata>().FirstOrDefault()?.Name ?? parameter.Name;
}
