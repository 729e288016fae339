using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace AutoProvision.Api;

/// <summary>The <c>Prefer</c> header (RFC 7240), of which <c>wait</c> is understood and anything else ignored, as the standard wants it.</summary>
public static class Preferences
{
    /// <summary>The longest that an answer is held; a client that prefers more asks again.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the client is willing to wait; null when it did not say, or nothing that can be understood.</summary>
    public static TimeSpan? Wait(HttpRequest request)
    {
        foreach (var preference in NameValueHeaderValue.TryParseList(request.Headers["Prefer"], out var all) ? all : [])
            if (preference.Name.Equals("wait", StringComparison.OrdinalIgnoreCase) && uint.TryParse(preference.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                return TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds));
        return null;
    }

    /// <summary>Tells the client how long it was waited at most.</summary>
    public static void Applied(HttpResponse response, TimeSpan wait) =>
        response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0}");
}
