using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Runs the reconciliation at start and every <see cref="ProvisioningOptions.ReconcileInterval"/>, whatever befalls a round.</summary>
public sealed partial class ReconcileWorker(
    Reconciler reconciler, SideJobs jobs, IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ReconcileWorker> logger) : BackgroundService
{
    private string? _trouble;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await TryRoundAsync(stoppingToken);
                await Task.Delay(options.Value.ReconcileInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The only end there is.
        }
        finally
        {
            await jobs.EndAsync();
        }
    }

    // The same trouble is logged once until it is over.
    private async Task TryRoundAsync(CancellationToken stopping)
    {
        try
        {
            await reconciler.RunAsync(stopping);
            if (_trouble is not null)
                LogBack();
            _trouble = null;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            var (last, failure) = (_trouble, (e as FailureException)?.Failure);
            _trouble = failure?.Code ?? e.GetType().Name;
            if (_trouble != last)
                LogFailed(failure is null ? e : null, failure?.Cause ?? e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The VMs cannot be compared with the hypervisor's domains; tried again, and not logged again until it works: {Cause}")]
    private partial void LogFailed(Exception? e, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The VMs are compared with the hypervisor's domains again")]
    private partial void LogBack();
}
