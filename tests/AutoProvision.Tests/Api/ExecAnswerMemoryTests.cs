using System.Globalization;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Ssh;

namespace AutoProvision.Api;

/// <summary>What an answer of exec takes to be written. Alone: what the process allocates is counted.</summary>
[Collection(nameof(SftpMemoryTests))]
public sealed class ExecAnswerMemoryTests
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_large_answer_is_written_piece_by_piece()
    {
        await using var host = new FakeHost();
        await using var app = new AutoProvisionApp(host, []);
        app.UseKestrel();
        using var http = app.CreateClient();
        const int Size = 32 * MiB;
        host.Guests.Streams["lines"] = (_, sink, _) =>
        {
            var line = Encoding.UTF8.GetBytes($"{new string('x', 78)}\"\n");
            for (var written = 0; written < Size; written += line.Length)
                sink.Stdout(line);
            return Task.FromResult(new ExecEnd(0, null, TimeSpan.Zero, TimedOut: false));
        };
        var vm = await http.ReadyVmAsync();
        var before = GC.GetTotalAllocatedBytes(precise: true);

        using var request = new HttpRequestMessage(HttpMethod.Post, $"{vm}/exec") { Content = new StringContent($$"""{"shell": "lines", "maxOutputBytes": {{Size}}}""", Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        var length = 0L;
        await using (var body = await response.Content.ReadAsStreamAsync(Cancellation))
            for (var buffer = new byte[64 * 1024]; await body.ReadAsync(buffer, Cancellation) is > 0 and var count;)
                length += count;

        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"figure: exec answer of 32 MiB: allocated MiB: {allocated / (double)MiB:0}"));
        // Each line's end and its quotation mark are escaped.
        Assert.True(length > Size, $"{length}");
        Assert.True(allocated < 7L * Size, $"{allocated}");
    }
}
