using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>What a terminal is asked for and told.</summary>
internal static partial class TerminalContracts
{
    private const int Largest = 1000;

    /// <exception cref="InvalidRequestException">Names every fault of the query.</exception>
    public static (TerminalSize Size, string Type) Read(string? cols, string? rows, string? term)
    {
        var faults = new FaultList([]);
        var size = new TerminalSize(Count("/cols", cols, 80, faults), Count("/rows", rows, 24, faults));
        if (term is not null && !Name().IsMatch(term))
            faults.Add("/term", "term_invalid", $"\"{term}\" is no terminal type.", "Such as \"xterm-256color\", as TERM has it.");
        faults.ThrowIfAny();
        return (size, term ?? "xterm-256color");
    }

    /// <summary>A control message: <c>{"type":"resize","cols":120,"rows":40}</c>.</summary>
    /// <returns>Null where it is none.</returns>
    public static TerminalSize? ReadResize(ReadOnlySpan<byte> text)
    {
        try
        {
            var message = JsonSerializer.Deserialize<Control>(text, JsonSerializerOptions.Web);
            return message is { Type: "resize", Cols: >= 1 and <= Largest, Rows: >= 1 and <= Largest } ? new TerminalSize(message.Cols, message.Rows) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static int Count(string pointer, string? text, int otherwise, FaultList faults)
    {
        if (text is null)
            return otherwise;
        if (WholeNumber.Parse(text, 1, Largest) is { } count)
            return count;
        faults.Add(pointer, "out_of_range", $"\"{text}\" is out of range.", $"From 1 to {Largest}, in digits alone.");
        return otherwise;
    }

    private sealed record Control(string? Type, int Cols, int Rows);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\z")]
    private static partial Regex Name();
}
