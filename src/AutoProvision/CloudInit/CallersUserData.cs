namespace AutoProvision.CloudInit;

/// <summary>The caller's own user-data.</summary>
public static class CallersUserData
{
    /// <exception cref="ArgumentException">It is blank, or no text that can reach a guest.</exception>
    public static void Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(CloudInitRules.Encodable(text, "user-data")))
            throw new ArgumentException("The user-data is empty.");
    }
}
