using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using AutoProvision.Vms;

namespace AutoProvision.Processes;

/// <summary>Real processes. A tool that outlives its deadline or its caller is stopped with its children.</summary>
public sealed class ProcessRunner(TimeProvider time) : IProcessRunner
{
    public async Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var deadline = new CancellationTokenSource(command.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var process = Start(command);
        var output = ReadAsync(process.StandardOutput, command);
        var error = ReadAsync(process.StandardError, command);
        try
        {
            if (!command.IsCompanion)
                await WriteInputAsync(process, command.Input, linked.Token);
            await process.WaitForExitAsync(linked.Token);
            return new ProcessResult(process.ExitCode, await output.WaitAsync(linked.Token), await error.WaitAsync(linked.Token));
        }
        catch (OperationCanceledException)
        {
            await StopAsync(process, command.Grace);
            cancellation.ThrowIfCancellationRequested();
            throw new FailureException("tool_timeout",
                $"{command.FileName} did not finish within {command.Timeout.TotalSeconds:0} s.",
                "The host may be overloaded or libvirt may hang; look at its log, then try again.",
                command.ToString());
        }
        finally
        {
            if (command.IsCompanion)
                await WriteInputAsync(process, process.HasExited ? Companion.Farewell : null, CancellationToken.None);
        }
    }

    private static Process Start(ProcessCommand command)
    {
        var (program, arguments) = command.IsCompanion ? Companion.Wrap(command) : (command.FileName, command.Arguments);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        // Parsers read English: libvirt translates its tables and errors.
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new FailureException("tool_missing",
                $"{command.FileName} could not be started: {e.Message}",
                $"Install {command.FileName} (deploy/quickstart does) and see that it is on the service's PATH.", inner: e);
        }
    }

    private async Task StopAsync(Process process, TimeSpan grace)
    {
        if (grace > TimeSpan.Zero && Signals.Terminate(process))
        {
            using var deadline = new CancellationTokenSource(grace, time);
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        process.Kill(entireProcessTree: true);
    }

    private static async Task WriteInputAsync(Process process, string? input, CancellationToken cancellation)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input; its exit code tells the rest.
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, ProcessCommand command)
    {
        if (command.OnLine is not { } onLine)
            return await reader.ReadToEndAsync();
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            onLine(line);
            if (command.IsCompanion && text.Length > Companion.MostKept)
                text.Remove(0, text.Length - Companion.MostKept);
        }
        return text.ToString();
    }
}
