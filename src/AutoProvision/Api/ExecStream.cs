using System.Text.Json;
using AutoProvision.Ssh;
using Microsoft.Extensions.Options;

namespace AutoProvision.Api;

/// <summary>A command's live output as Server-Sent Events: <c>started</c>, <c>stdout</c> and <c>stderr</c>, then <c>exit</c> or <c>error</c>.</summary>
public sealed class ExecStream(IAsyncEnumerable<ExecEvent> events) : IResult
{
    private readonly ExecStreamText _stdout = new(isError: false);
    private readonly ExecStreamText _stderr = new(isError: true);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // A slow reader slows the command.
        using var parting = SlowPeers.WaitForReader(httpContext, isLimited: true);
        var stream = new ServerSentEvents(httpContext.Response, httpContext.RequestServices.GetRequiredService<TimeProvider>());
        await using var source = events.GetAsyncEnumerator(httpContext.RequestAborted);
        // What fails before the command has begun is refused as everything else is.
        if (await source.MoveNextAsync())
            await SendAllAsync(source, stream, httpContext);
    }

    private async Task SendAllAsync(IAsyncEnumerator<ExecEvent> source, ServerSentEvents stream, HttpContext http)
    {
        var json = http.RequestServices.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        var next = Task.FromResult(true);
        try
        {
            await stream.StartAsync(http.RequestAborted);
            do
            {
                foreach (var what in Translate(source.Current))
                    await stream.SendAsync(what.Type, JsonSerializer.Serialize(what, json), http.RequestAborted);
                next = source.MoveNextAsync().AsTask();
            }
            while (await stream.NextAsync(next, http.RequestAborted));
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            var problem = http.RequestServices.GetRequiredService<Problems>().Tell(e, http);
            await stream.SendAsync("error", JsonSerializer.Serialize(problem, json), http.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The reader hung up, and the command is ended.
        }
        finally
        {
            // A source must not be disposed of while it is asked.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<ExecStreamEvent> Translate(ExecEvent what) => what switch
    {
        ExecStarted started => [ExecStreamEvent.From(started)],
        ExecOutput output => (output.IsError ? _stderr : _stdout).Take(output.Data),
        ExecExited exited => [.. _stdout.Rest(), .. _stderr.Rest(), ExecStreamEvent.From(exited)],
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };
}
