namespace AutoProvision.Images;

/// <summary>One holder at a time, across processes; let go by disposal, and by the kernel when the holder dies.</summary>
internal static class FileLock
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    // EWOULDBLOCK on Linux: what flock(2) says of a lock that another has, and .NET hands through as HResult.
    private const int HeldByAnother = 11;

    public static async Task<IDisposable> AcquireAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult == HeldByAnother)
            {
                await Task.Delay(LookEvery, time, cancellation);
            }
        }
    }
}
