namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>
/// Files that hold a guest's secrets, made empty for a tool to write into: at no moment can anyone else open them. libvirt gives
/// QEMU's user access when it starts the domain.
/// </summary>
internal static class PrivateFile
{
    /// <summary>Makes the file anew with mode 0600, whatever was there before.</summary>
    public static void Create(string path)
    {
        File.Delete(path);
        File.Open(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).Dispose();
    }
}
