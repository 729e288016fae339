using AutoProvision.Client;
using AutoProvision.Fakes;
using Microsoft.AspNetCore.WebUtilities;

namespace AutoProvision.ClientTests;

/// <summary>What a generated client can do with headers, and what it sends of a patch.</summary>
public sealed class GeneratedHeaderTests
{
    private const int Limit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_patch_changes_only_what_it_has()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        var vm = await CreateAsync(client, "web-1");

        var expiring = await client.UpdateVmAsync(vm, new VmPatch { ExpiresIn = "2h" }, cancellationToken: Cancellation);
        Assert.Equal((host.Time.GetUtcNow().AddHours(2), "team=a"), (expiring.ExpiresAt, Labels(expiring)));
        var labelled = await client.UpdateVmAsync(vm, new VmPatch { Labels = new Dictionary<string, string?> { ["env"] = "test" } }, cancellationToken: Cancellation);
        Assert.Equal((expiring.ExpiresAt, "env=test team=a"), (labelled.ExpiresAt, Labels(labelled)));
        var unlabelled = await client.UpdateVmAsync(vm, new VmPatch { Labels = new Dictionary<string, string?> { ["team"] = null } }, cancellationToken: Cancellation);
        Assert.Equal((expiring.ExpiresAt, "env=test"), (unlabelled.ExpiresAt, Labels(unlabelled)));
        var lasting = await client.UpdateVmAsync(vm, new VmPatch { AdditionalProperties = { ["expiresAt"] = null! } }, cancellationToken: Cancellation);
        Assert.Equal((null, "env=test"), (lasting.ExpiresAt, Labels(lasting)));
        var bare = await client.UpdateVmAsync(vm, new VmPatch { AdditionalProperties = { ["labels"] = null! } }, cancellationToken: Cancellation);
        Assert.Empty(bare.Labels);
    }

    [Fact(Timeout = Limit)]
    public async Task Pages_are_read_one_after_the_other()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        foreach (var name in (string[])["web-1", "web-2", "web-3"])
            await CreateAsync(client, name);

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.ListVmsAsync(limit: 2, cursor: cursor, cancellationToken: Cancellation);
            names.AddRange(page.Result.Select(vm => vm.Name));
            cursor = page.Headers.TryGetValue("Link", out var link) ? Cursor(link.Single()) : null;
        }
        while (cursor is not null);

        Assert.Equal(["web-1", "web-2", "web-3"], names);
    }

    [Fact(Timeout = Limit)]
    public async Task Conditions_are_sent_and_their_tags_read()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        var vm = await CreateAsync(client, "web-1");
        var tag = (await client.GetVmAsync(vm, cancellationToken: Cancellation)).Headers["ETag"].Single();

        var known = await Assert.ThrowsAsync<ApiException>(() => client.GetVmAsync(vm, if_None_Match: tag, cancellationToken: Cancellation));
        await client.UpdateVmAsync(vm, new VmPatch { ExpiresIn = "2h" }, tag, Cancellation);
        var late = await Assert.ThrowsAsync<ApiException<ProblemDetails>>(() => client.UpdateVmAsync(vm, new VmPatch { ExpiresIn = "3h" }, tag, Cancellation));

        Assert.Equal(304, known.StatusCode);
        Assert.Equal((412, "precondition_failed"), (late.StatusCode, late.Result.Code));
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_is_read_on_from_where_it_broke_off()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        var vm = await CreateAsync(client, "web-1");
        host.Guests.Files.Add("/etc/motd", "Welcome.");

        using var first = await client.ReadFileAsync(vm, "/etc/motd", cancellationToken: Cancellation);
        using var rest = await client.ReadFileAsync(vm, "/etc/motd", "bytes=3-", first.Headers["Last-Modified"].Single(), cancellationToken: Cancellation);

        using var text = new StreamReader(rest.Stream);
        Assert.Equal((true, "come.", "bytes 3-7/8"), (rest.IsPartial, await text.ReadToEndAsync(Cancellation), rest.Headers["Content-Range"].Single()));
    }

    private static async Task<Guid> CreateAsync(AutoProvisionClient client, string name) =>
        (await client.CreateVmAsync(new VmRequest { Name = name, Labels = new Dictionary<string, string> { ["team"] = "a" } }, prefer: "wait=20", cancellationToken: Cancellation)).Id;

    private static string Labels(VmResource vm) => string.Join(' ', vm.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));

    // </vms?limit=2&cursor=...>; rel="next"
    private static string Cursor(string link) => QueryHelpers.ParseQuery(link[link.IndexOf('?', StringComparison.Ordinal)..link.IndexOf('>', StringComparison.Ordinal)])["cursor"].Single()!;
}
