using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

/// <summary>The directory of images that the service downloads and builds, and the names of the files in it.</summary>
internal sealed class ImageDirectory(IOptions<ImagesOptions> options, ImageInspector inspector, TimeProvider time)
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode EnterableByAll =
        ReadableByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string PathOf(string file) => Path.Combine(options.Value.Directory, file);

    /// <summary>
    /// Waits until this process alone may make the image. The lock is flock(2) on NAME.lock: a script can take the same with
    /// <c>flock</c>. The file stays; removing it would let two holders in.
    /// </summary>
    public async Task<IDisposable> LockAsync(string name, CancellationToken cancellation)
    {
        if (!Directory.Exists(options.Value.Directory))
            MakeDirectory();
        return await FileLock.AcquireAsync(PathOf(name + ".lock"), time, cancellation);
    }

    /// <summary>Gives a finished file its place in one step, after a look inside; a file that is refused is deleted.</summary>
    public async Task<string> PublishAsync(string temporary, string file, CancellationToken cancellation)
    {
        var target = PathOf(file);
        try
        {
            await inspector.InspectAsync(temporary, cancellation);
        }
        catch (Vms.FailureException e) when (e.Code is "image_unsafe" or "image_unreadable")
        {
            File.Delete(temporary);
            throw;
        }
        // First the list that goes with it: without its image it says nothing.
        if (ImageAccounts.PathFor(temporary) is var accounts && File.Exists(accounts))
            Move(accounts, ImageAccounts.PathFor(target));
        return Move(temporary, target);
    }

    private static string Move(string temporary, string target)
    {
        File.SetUnixFileMode(temporary, ReadableByAll);
        File.Move(temporary, target, overwrite: true);
        return target;
    }

    private void MakeDirectory()
    {
        // Not as an argument: the service's umask would take from it.
        Directory.CreateDirectory(options.Value.Directory).UnixFileMode = EnterableByAll;
    }
}
