using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning;

/// <summary>
/// Does jobs to their end. A job can die only where its own failure cannot be recorded, such as on a full disk: it is tried
/// again until it can.
/// </summary>
public sealed partial class PersistentJobs(IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<PersistentJobs> logger)
{
    /// <summary>Ends with the job, or when the service stops; never fails.</summary>
    public async Task PersistAsync(Guid id, Func<Task> job, CancellationToken stopping)
    {
        try
        {
            while (!await TryAsync(id, job))
                await Task.Delay(options.Value.TeardownRetry, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // Stopping: recovery goes on with it at the next start.
        }
    }

    private async Task<bool> TryAsync(Guid id, Func<Task> job)
    {
        try
        {
            await job();
            return true;
        }
        catch (OperationCanceledException)
        {
            // Deleted (its own job goes on with it) or stopping.
            return true;
        }
        catch (Exception e)
        {
            LogJobDied(e, id);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The job of VM {Id} died and is tried again")]
    private partial void LogJobDied(Exception e, Guid id);
}
