using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Client;
using AutoProvision.Fakes;

namespace AutoProvision.ClientTests;

/// <summary>What a user gets who generates a client from the document and writes no HTTP by hand.</summary>
public sealed class GeneratedClientTests
{
    private const int Limit = 30_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task It_takes_a_VM_from_its_request_to_its_end()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        host.Guests.Answers["cat /etc/hostname; exit 7"] = FakeAnswers.Of(7, "web-1\n");

        var asked = await client.CreateVmAsync(new VmRequest { Name = "web-1", Cpus = 2 }, "key-1", cancellationToken: Cancellation);
        Assert.Equal(("web-1", VmState.Queued), (asked.Name, asked.State));
        var made = await FollowAsync(client, asked.Id, VmState.Ready);
        Assert.Contains(made, what => what is { Type: VmEventType.Step_completed, Step: "cloud-init", DurationMs: not null });
        var ready = (await client.GetVmAsync(asked.Id, cancellationToken: Cancellation)).Result;
        Assert.Equal((VmState.Ready, 2, Verified.None), (ready.State, ready.Cpus, ready.Verified));

        var answer = await client.ExecInVmAsync(asked.Id, new ExecBody { Shell = "cat /etc/hostname; exit 7" }, Cancellation);
        Assert.Equal((7, "web-1\n"), (answer.ExitCode, answer.Stdout));

        Assert.Equal(VmState.Deleting, (await client.DeleteVmAsync(asked.Id, Cancellation)).State);
        var removed = await FollowAsync(client, asked.Id, VmState.Deleted, after: made[^1].Seq);
        Assert.DoesNotContain(removed, what => what.Seq <= made[^1].Seq);
        Assert.Empty((await client.ListVmsAsync(cancellationToken: Cancellation)).Result);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task It_reads_what_a_guest_is_not_as_asked_in()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        host.Guests.CloudInit = (_, _) => Task.FromResult(FakeAnswers.Verified("/name differs localhost", "/user ok"));

        var vm = await ReadyAsync(client);

        var failure = (await client.GetVmAsync(vm, cancellationToken: Cancellation)).Result is { State: VmState.Degraded, Verified: Verified.Full, Failure: { } it } ? it : null;
        var mismatch = Assert.Single(failure!.Mismatches!);
        Assert.Equal(("spec_not_met", "/name", "web-1", "localhost"), (failure.Code, mismatch.Pointer, mismatch.Expected, mismatch.Seen));
    }

    [Fact(Timeout = Limit)]
    public async Task It_writes_and_reads_files()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        var vm = await ReadyAsync(client);

        await client.WriteFileAsync(vm, "/tmp/new", "0640", body: new FileParameter(new MemoryStream([0, 255]), null, "application/octet-stream"), cancellationToken: Cancellation);
        using (var read = await client.ReadFileAsync(vm, "/tmp/new", cancellationToken: Cancellation))
            Assert.Equal([0, 255], await BytesAsync(read));
        var stat = await client.StatFileAsync(vm, "/tmp/new", Cancellation);
        Assert.Equal(("new", FileKind.File, 2L, "0640"), (stat.Name, stat.Kind, stat.Size, stat.Mode));
        await client.DeleteFileAsync(vm, "/tmp/new", true, Cancellation);
        Assert.Equal(404, (await Assert.ThrowsAsync<ApiException<ProblemDetails>>(() => client.StatFileAsync(vm, "/tmp/new", Cancellation))).StatusCode);
    }

    [Fact(Timeout = Limit)]
    public async Task It_switches_a_VM_takes_snapshots_and_finds_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);
        var vm = await ReadyAsync(client);

        Assert.Equal(VmState.Stopped, (await client.StopVmAsync(vm, new StopRequest { GraceSeconds = 0 }, "wait=20", Cancellation)).State);
        Assert.Equal(vm, Assert.Single((await client.ListVmsAsync(["team=a"], [VmState.Stopped, VmState.Failed], 10, cancellationToken: Cancellation)).Result).Id);
        Assert.Empty((await client.ListVmsAsync(["team=a", "env"], cancellationToken: Cancellation)).Result);
        await client.CreateSnapshotAsync(vm, new SnapshotRequest { Name = "first" }, "wait=20", Cancellation);
        Assert.Equal("first", Assert.Single(await client.ListSnapshotsAsync(vm, Cancellation)).Name);
        await client.StartVmAsync(vm, "wait=20", Cancellation);
        Assert.Equal(VmState.Ready, (await client.GetVmAsync(vm, Wait.Ready, 20, cancellationToken: Cancellation)).Result.State);
        using var events = await client.WatchEventsAsync(null, From.Oldest, [vm], [VmEventType.Step_completed], Cancellation);
        Assert.Equal(200, events.StatusCode);
    }

    private static async Task<Guid> ReadyAsync(AutoProvisionClient client) => (await client.CreateVmAsync(new VmRequest
    {
        Name = "web-1",
        Labels = new Dictionary<string, string> { ["team"] = "a" },
    }, prefer: "wait=20", cancellationToken: Cancellation)).Id;

    private static async Task<byte[]> BytesAsync(FileResponse file)
    {
        var bytes = new MemoryStream();
        await file.Stream.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }

    [Fact(Timeout = Limit)]
    public async Task A_refusal_is_an_exception_with_the_problem_document_in_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);

        var invalid = await Assert.ThrowsAsync<ApiException<ProblemDetails>>(() => client.CreateVmAsync(new VmRequest { Name = "-", Cpus = 99 }, cancellationToken: Cancellation));
        var unknown = await Assert.ThrowsAsync<ApiException<ProblemDetails>>(() => client.GetVmAsync(Guid.Empty, cancellationToken: Cancellation));

        Assert.Equal((400, "invalid_request"), (invalid.StatusCode, invalid.Result.Code));
        Assert.Equal(["/cpus", "/name"], invalid.Result.Errors!.Select(fault => fault.Pointer).Order(StringComparer.Ordinal));
        Assert.Equal((404, "vm_not_found"), (unknown.StatusCode, unknown.Result.Code));
        Assert.NotEmpty(unknown.Result.Hint);
    }

    [Fact(Timeout = Limit)]
    public async Task It_reads_the_host_the_images_and_the_orphans()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var client = new AutoProvisionClient(http);

        Assert.Equal(HealthAnswerStatus.Ok, (await client.IsReadyAsync(Cancellation)).Status);
        Assert.Empty((await client.GetHostAsync(Cancellation)).Problems);
        Assert.Contains(await client.ListImagesAsync(Cancellation), image => image is { Name: "tiny", Source: ImageStatusSource.File });
        Assert.Empty(await client.ListOrphansAsync(Cancellation));
    }

    // The client hands an event stream out as bytes; .NET's own parser and the client's types do the rest.
    private static async Task<List<VmEvent>> FollowAsync(AutoProvisionClient client, Guid vm, VmState until, long? after = null)
    {
        using var stream = await client.WatchVmAsync(vm, after?.ToString(), Cancellation);
        var events = new List<VmEvent>();
        await foreach (var item in SseParser.Create(stream.Stream, (_, data) => JsonSerializer.Deserialize<VmEvent>(data)!).EnumerateAsync(Cancellation))
        {
            events.Add(item.Data);
            if (item.Data.Type == VmEventType.State && item.Data.State == until)
                break;
        }
        return events;
    }
}
