using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using AutoProvision.Processes;

namespace AutoProvision.Fakes;

/// <summary>A service that runs as a process of its own, on a port that the system chose. What it prints is kept for the reader of a failure.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    /// <summary>The exit code of a process that SIGKILL ended: 128 and the signal's number.</summary>
    public const int Killed = 128 + 9;

    /// <summary>The service itself, as it was built beside the tests.</summary>
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "AutoProvision.dll");

    // The runtime's directory is shared/Microsoft.NETCore.App/VERSION beside the program dotnet.
    public static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    private const string Listening = "Now listening on: ";
    private static readonly string[] TroubleLevels = [" WRN ", " ERR ", " FTL "];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;
    private HttpClient? _http;

    private RunningService(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    /// <summary>A client whose base address is the service's.</summary>
    public HttpClient Http => _http ?? throw new InvalidOperationException("The service has not started yet.");

    /// <summary>The process's id, for /proc and for signals.</summary>
    public int Pid { get; private set; }

    public bool HasExited => _process.HasExited;

    /// <summary>All it has printed.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>The warnings and errors in it.</summary>
    public IReadOnlyList<string> Troubles =>
        [.. _log.Where(line => TroubleLevels.Any(level => line.Contains(level, StringComparison.Ordinal)) && !LogRecorder.IsOfSlowMachine(line))];

    /// <summary>Starts the service and waits until it answers.</summary>
    /// <param name="program">The program's .dll; <see cref="Program"/> is the service as it is.</param>
    /// <param name="settings">Settings by their full key, such as <c>Libvirt:PoolDirectory</c>. <c>Urls</c> is any free port unless it is given.</param>
    /// <param name="environment">Variables over the caller's own environment, such as PATH.</param>
    public static async Task<RunningService> StartAsync(
        string program, IEnumerable<(string Key, string Value)> settings, params IEnumerable<(string Name, string Value)> environment)
    {
        var service = Launch(program, settings, environment);
        try
        {
            await service.WaitUntilUpAsync();
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process and waits for nothing: it may die before it answers.</summary>
    public static RunningService Launch(
        string program, IEnumerable<(string Key, string Value)> settings, params IEnumerable<(string Name, string Value)> environment)
    {
        string[] arguments = [program, "--Urls=http://127.0.0.1:0", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
        var start = new ProcessStartInfo(Dotnet, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var service = new RunningService(start);
        service.Begin();
        return service;
    }

    /// <summary>SIGKILL: the process ends where it stands.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to stop (SIGTERM) and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(TimeSpan? limit = null)
    {
        Terminate();
        return await WaitForExitAsync(limit);
    }

    /// <summary>Asks it to stop (SIGTERM) and does not wait.</summary>
    public void Terminate() => Signals.Terminate(_process);

    /// <summary>Waits until the process has ended by itself, by a signal or by <see cref="Kill"/>.</summary>
    /// <returns>Its exit code; <see cref="Killed"/> after SIGKILL.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (Pid != 0 && !_process.HasExited)
        {
            _process.Kill();
            // Not the test's own token, which may be cancelled: no process may be left behind.
            await _process.WaitForExitAsync().WaitAsync(Limit);
        }
        _process.Dispose();
    }

    private void Begin()
    {
        _process.Start();
        Pid = _process.Id;
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task WaitUntilUpAsync()
    {
        var ended = _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        // An end of the process is told at once, and with its log.
        await ((Task)Task.WhenAny(_address.Task, ended)).WaitAsync(Limit, TestContext.Current.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(_address.Task.IsCompletedSuccessfully, $"The service did not start:\n{Log}");
        _http = new HttpClient { BaseAddress = await _address.Task };
        using var answer = await _http.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"/healthz answers {answer.StatusCode}:\n{Log}");
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        var at = line.IndexOf(Listening, StringComparison.Ordinal);
        if (at >= 0 && Uri.TryCreate(line[(at + Listening.Length)..].Trim(' ', '"'), UriKind.Absolute, out var address))
            _address.TrySetResult(address);
    }
}
