namespace AutoProvision.Api.OpenApi;

/// <summary>Headers that are heeded without being a parameter of a handler; <see cref="Operations"/> has the words for them.</summary>
internal static class RequestHeaders
{
    private static readonly Dictionary<string, string[]> ByOperation = new()
    {
        ["listVms"] = ["If-None-Match"],
        ["getVm"] = ["If-None-Match"],
        ["updateVm"] = ["If-Match"],
        // A guest's file has no entity tag, only a time.
        ["readFile"] = ["Range", "If-Range", "If-Modified-Since", "If-Unmodified-Since"],
    };

    /// <param name="operation">Its id.</param>
    /// <param name="metadata">What its route says of itself.</param>
    public static IEnumerable<string> Of(string? operation, IEnumerable<object> metadata) =>
        metadata.OfType<PrefersWait>().Any() ? ["Prefer"] : ByOperation.GetValueOrDefault(operation ?? "", []);
}
