using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AutoProvision.Fakes;

/// <summary>Keeps every log line, with the exception that came with it.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    /// <summary>Warnings and errors, but for what a slow machine makes Kestrel say.</summary>
    public IReadOnlyList<string> Troubles => [.. _lines.Where(line => line.Level >= LogLevel.Warning && !IsOfSlowMachine(line.Text)).Select(line => line.Text)];

    public IReadOnlyList<string> All => [.. _lines.Select(line => line.Text)];

    /// <summary>Kestrel's timer ran late (its event HeartbeatSlow): a word on the machine, which may be busy, and not on the service.</summary>
    public static bool IsOfSlowMachine(string line) => line.Contains("heartbeat has been running for", StringComparison.Ordinal);

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, ConcurrentQueue<(LogLevel Level, string Text)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                lines.Enqueue((logLevel, $"{category}: {formatter(state, exception)} {exception}"));
        }
    }
}
