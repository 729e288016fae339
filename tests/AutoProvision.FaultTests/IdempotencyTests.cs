using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.FaultTests.Support;

namespace AutoProvision.FaultTests;

/// <summary>A client that sends the same request again and again, because answers do not reach it.</summary>
public sealed class IdempotencyTests : IAsyncDisposable
{
    private const int Requests = 100;
    private const int Clients = 20;
    private const string Body = """{"cpus": 1, "memoryMiB": 512}""";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly FakeMachine _machine = new();
    private readonly Random _random = Knobs.Seeded();
    private RunningService _service = null!;
    private int _sent;

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    [Theory(Timeout = 300_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Identical_requests_with_one_key_make_one_vm(bool isKilled)
    {
        _service = await _machine.StartAsync();
        var sending = SendAllAsync();
        if (isKilled)
            await KillAfterAsync(_random.Next(1, Requests / 2));
        var arrived = await sending;

        var vms = await _service.Http.GetJsonAsync("/vms");
        var id = Assert.Single(vms.EnumerateArray()).Text("id");
        Assert.NotEmpty(arrived);
        Assert.All(arrived, answer => Assert.Equal(id, answer));
        await RefusesAnotherBodyAsync();
        // A client that hangs up is no news.
        Assert.Empty(_service.Troubles);
        Figure.Print($"{Requests} identical POSTs with one key, {Requests - arrived.Count} answers dropped, {(isKilled ? 1 : 0)} kills of the service", "1 VM");
    }

    /// <summary>Sends them from many clients.</summary>
    /// <returns>The ids in the answers that arrived.</returns>
    private async Task<IReadOnlyCollection<string>> SendAllAsync()
    {
        var arrived = new ConcurrentBag<string>();
        int[] seeds = [.. Enumerable.Range(0, Requests).Select(_ => _random.Next())];
        var many = new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(seeds, many, async (seed, _) =>
        {
            if (await SendAsync(new Random(seed)) is { } id)
                arrived.Add(id);
        });
        return arrived;
    }

    private async Task KillAfterAsync(int sent)
    {
        while (Volatile.Read(ref _sent) < sent)
            await Task.Delay(Look, TestContext.Current.CancellationToken);
        _service.Kill();
        await _service.WaitForExitAsync();
        _service = await _machine.StartAsync();
    }

    /// <summary>Sends the request and maybe hangs up; sends it again where the service went away.</summary>
    /// <returns>The VM's id; null where the client hung up.</returns>
    private async Task<string?> SendAsync(Random random)
    {
        // Some hang up at once, some in the middle of the answer.
        var patience = random.Next(3) switch { 0 => 0, 1 => random.Next(1, 600), _ => int.MaxValue };
        while (true)
        {
            try
            {
                using var request = await RawRequest.SendAsync(_service.Http.BaseAddress!, "POST /vms", ["Idempotency-Key: one"], Body);
                Interlocked.Increment(ref _sent);
                if (!await request.ReadAsync(patience))
                {
                    request.Cut();
                    return null;
                }
                if (Id(request.Answer) is { } id)
                    return id;
            }
            catch (SocketException)
            {
                await Task.Delay(Look, TestContext.Current.CancellationToken);
            }
        }
    }

    // Null where a kill cut the answer.
    private static string? Id(string answer)
    {
        if (!answer.EndsWith('}'))
            return null;
        Assert.StartsWith("HTTP/1.1 202", answer, StringComparison.Ordinal);
        return JsonElement.Parse(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]).Text("id");
    }

    private async Task RefusesAnotherBodyAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/vms") { Content = new StringContent("""{"cpus": 2}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Idempotency-Key", "one");
        using var answer = await _service.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("idempotency_key_reused", (await answer.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code"));
    }
}
