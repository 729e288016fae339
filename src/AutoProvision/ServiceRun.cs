using System.Net.Sockets;
using AutoProvision.Provisioning;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision;

/// <summary>The service's life from its start to its end. What keeps it from starting is told in words; a stack trace is for defects.</summary>
public static class ServiceRun
{
    private const int Refused = 1;

    /// <summary>Runs until the process is asked to stop.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunToEndAsync(this WebApplication app)
    {
        await using var ending = app;
        try
        {
            Settings.Check(app.Services);
            // The host read its own options before anything was checked; it looks at this one when it stops.
            app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout =
                app.Services.GetRequiredService<IOptions<ProvisioningOptions>>().Value.ShutdownTimeout;
            // What fails while it is made fails here; the host would write its stack trace into the log first.
            _ = app.Services.GetServices<IHostedService>().Count();
            await app.StartAsync();
        }
        catch (Exception e) when (Explain(e) is { } words)
        {
            // What did start is ended in good order: a tool that is being stopped when the process goes would stay.
            await app.StopAsync();
            await Console.Error.WriteLineAsync(words);
            return Refused;
        }
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>What to tell of a start that failed; null for what nobody foresaw.</summary>
    internal static string? Explain(Exception exception) => exception switch
    {
        OptionsValidationException e => Tell("settings_invalid", string.Join('\n', e.Failures.Select(fault => $"  {fault}")),
            "Correct appsettings.json, the environment or the command line; docs/configuration.md has every setting."),
        FailureException e => Tell(e.Code, $"  {e.Failure.Cause}", e.Failure.Hint),
        // Directories and ports; a format is that of an address in Urls.
        IOException or UnauthorizedAccessException or SocketException or FormatException => Tell("start_failed", $"  {exception.Message}",
            "See that Urls names an address of this machine with a free port and that the service's user can write its directories."),
        _ => null,
    };

    private static string Tell(string code, string causes, string hint) => $"AutoProvision cannot start: {code}\n{causes}\n{hint}";
}
