using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AutoProvision.Api.OpenApi;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api;

/// <summary>Body of <c>POST /vms/{id}/exec</c>: either an argument list or a line for the user's shell.</summary>
public sealed class ExecBody
{
    /// <summary>Program and arguments, taken as they are.</summary>
    [AtMost(ListLimits.Arguments)]
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>A line for the user's login shell, which with another user is sh.</summary>
    public string? Shell { get; init; }

    /// <summary>Variables for the command, by name. Their values may be any text; the guest's users see them as they see its command lines.</summary>
    [AtMost(ListLimits.Variables)]
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>Absolute directory to run in; left out, the user's home. Where the user cannot enter it, nothing is run and the answer is 422.</summary>
    public string? Cwd { get; init; }

    /// <summary>Another user of the guest to run as, root too: by sudo, which must not ask for a password.</summary>
    public string? User { get; init; }

    /// <summary>Input as text; without any input the command reads an end of file at once.</summary>
    public string? Stdin { get; init; }

    /// <summary>Input as bytes in base64, in place of stdin.</summary>
    public string? StdinBase64 { get; init; }

    /// <summary>When to end the command, in seconds; left out, the service's own limit (600 unless set otherwise).</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>How many bytes of each stream to keep: at most 64 MiB and the setting Ssh:MaxBufferedOutputMiB, 1 MiB where left out. In a live stream there is no limit where it is 0 or left out.</summary>
    public int? MaxOutputBytes { get; init; }

    /// <exception cref="InvalidRequestException"/>
    public ExecRequest ToRequest(IReadOnlyList<Fault> shape, bool isStream, long mostOutput) => new ExecRules(this, shape, mostOutput).ToRequest(isStream);
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Null when a signal or the timeout ended it.</param>
/// <param name="Signal">Name of the signal that ended it, such as KILL.</param>
/// <param name="Stdout">Standard output as UTF-8; what is none is replaced here.</param>
/// <param name="Stderr">Standard error as UTF-8; what is none is replaced here.</param>
/// <param name="StdoutBase64">Standard output, byte for byte; only where it is not wholly UTF-8.</param>
/// <param name="StderrBase64">Standard error, byte for byte; only where it is not wholly UTF-8.</param>
/// <param name="DurationMs">Milliseconds from sending the command to its end.</param>
/// <param name="TimedOut">Whether its time was over before it ended; then there is no exitCode.</param>
/// <param name="MayStillRun">True where its time was over and the guest did not confirm that nothing of it runs any more. Left out otherwise.</param>
/// <param name="Truncated">Whether a stream was cut: where maxOutputBytes are full, or before the character that begins there.</param>
/// <param name="TruncatedBy">What cut it: `maxOutputBytes`, or `memory` where the commands of all VMs together held as much as Ssh:MaxBufferedOutputMiB allows. Left out where nothing was cut.</param>
public sealed record ExecAnswer(
    int? ExitCode, string? Signal, string Stdout, string Stderr, string? StdoutBase64, string? StderrBase64, long DurationMs, bool TimedOut, bool? MayStillRun, bool Truncated, string? TruncatedBy);

/// <summary>Data of one event of a command's live stream; which fields there are depends on the event's name.</summary>
public sealed record ExecStreamEvent
{
    /// <summary><c>started</c>: the command's process in the guest, where its shell told it.</summary>
    public int? Pid { get; init; }

    /// <summary><c>stdout</c>, <c>stderr</c>: whole characters.</summary>
    public string? Data { get; init; }

    /// <summary><c>stdout</c>, <c>stderr</c>: in place of data where the bytes are no UTF-8.</summary>
    public string? DataBase64 { get; init; }

    /// <summary><c>exit</c>: left out when a signal or the timeout ended the command.</summary>
    public int? Code { get; init; }

    /// <summary><c>exit</c>: name of the signal that ended it, such as KILL.</summary>
    public string? Signal { get; init; }

    /// <summary><c>exit</c>: whether its time was over before it ended; then there is no code.</summary>
    public bool? TimedOut { get; init; }

    /// <summary><c>exit</c>: true where its time was over and the guest did not confirm that nothing of it runs any more.</summary>
    public bool? MayStillRun { get; init; }

    /// <summary><c>exit</c>: whether output was left out: beyond maxOutputBytes, or not taken yet when the timeout ended the command.</summary>
    public bool? Truncated { get; init; }

    /// <summary><c>exit</c>: milliseconds.</summary>
    public long? DurationMs { get; init; }

    [JsonIgnore]
    internal string Type { get; private init; } = "";

    internal static ExecStreamEvent From(ExecStarted what) => new() { Type = "started", Pid = what.ProcessId };

    internal static ExecStreamEvent Of(bool isError) => new() { Type = isError ? "stderr" : "stdout" };

    internal static ExecStreamEvent From(ExecExited what) => new()
    {
        Type = "exit",
        Code = what.End.ExitCode,
        Signal = what.End.Signal,
        TimedOut = what.End.TimedOut,
        MayStillRun = what.End.MayStillRun ? true : null,
        Truncated = what.Truncated,
        DurationMs = (long)what.End.Duration.TotalMilliseconds,
    };
}

internal static class ExecContracts
{
    public const string Description =
        "Answers when the command's shell has ended; what it left in the background goes on. With `Accept: text/event-stream` the answer is its live output instead, at the pace of its reader. A command whose caller hangs up is ended, with its children.";

    /// <summary>The second type of the good answer: endpoints can name only one.</summary>
    public static async Task DescribeStreamAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var schema = await context.GetOrCreateSchemaAsync(typeof(ExecStreamEvent), null, cancellation);
        ((OpenApiResponse)operation.Responses!["200"]).Content![ServerSentEvents.ContentType] = new OpenApiMediaType { Schema = schema, Example = JsonValue.Create(OperationExamples.ExecOutput) };
    }
}
