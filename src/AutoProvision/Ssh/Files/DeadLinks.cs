using AutoProvision.Vms;

namespace AutoProvision.Ssh.Files;

/// <summary>Names the symbolic link that leads nowhere, where that is why there is nothing at a path.</summary>
internal static class DeadLinks
{
    /// <param name="sftp">The session in which nothing was found.</param>
    /// <param name="path">Where.</param>
    /// <param name="failure">What was to be told.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>The failure with the link in its cause, or as it was.</returns>
    public static async Task<FailureException> ExplainAsync(Sftp sftp, string path, FailureException failure, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(sftp, path, cancellation) is not { } link ? failure : new FailureException(failure.Failure with
            {
                Cause = $"{link} is a symbolic link to {await sftp.ReadLinkAsync(link, cancellation)}, which the guest does not have, or which leads back to the link.",
            }, failure);
        }
        catch (Exception e) when (e is SftpException or SftpEndedException)
        {
            return failure;
        }
    }

    // From the root on: the first name that is not there, or is there and leads nowhere.
    private static async Task<string?> FindAsync(Sftp sftp, string path, CancellationToken cancellation)
    {
        for (var end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            var there = end < 0 ? path : path[..end];
            if (await sftp.FindLinkAsync(there, cancellation) is not { } found)
                return null;
            if (found.Kind == FileKind.Symlink && await sftp.FindAsync(there, cancellation) is null)
                return there;
            if (end < 0)
                return null;
        }
    }
}
