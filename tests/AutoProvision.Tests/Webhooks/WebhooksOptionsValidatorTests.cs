namespace AutoProvision.Webhooks;

public sealed class WebhooksOptionsValidatorTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public void Every_fault_is_told_and_no_secret()
    {
        var options = new WebhooksOptions
        {
            Timeout = TimeSpan.Zero,
            MaxAge = TimeSpan.FromDays(400),
            Endpoints = new()
            {
                ["CI"] = new() { Url = "ftp://example.org", Secret = "whsec_short", Types = ["state", "power"] },
                ["chat"] = new() { Url = "https://me:pass@example.org/", Secret = Secret },
            },
        };

        var faults = new WebhooksOptionsValidator().Validate(null, options).Failures!.ToList();

        string[] named = ["Webhooks:Timeout", "Webhooks:MaxAge", "CI: the name", "CI: Url", "CI: Secret", "'power'", "chat: Url"];
        Assert.Equal(named.Length, faults.Count);
        Assert.All(named, name => Assert.Single(faults, fault => fault.Contains(name, StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, fault => fault.Contains("short", StringComparison.Ordinal) || fault.Contains("pass@", StringComparison.Ordinal));
    }

    [Fact]
    public void Right_ones_are_taken_and_none_is_fine()
    {
        Assert.True(new WebhooksOptionsValidator().Validate(null, new WebhooksOptions()).Succeeded);
        Assert.True(new WebhooksOptionsValidator().Validate(null, new WebhooksOptions
        {
            Endpoints = new() { ["ci"] = new() { Url = "http://127.0.0.1:9/hook?token=1", Secret = Secret, Types = ["state", "step.failed"] } },
        }).Succeeded);
    }
}
