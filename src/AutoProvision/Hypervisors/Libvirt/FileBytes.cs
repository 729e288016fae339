namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Looks into a file that a tool says it has made.</summary>
internal static class FileBytes
{
    /// <returns>The bytes there; fewer where the file ends, none where there is no file.</returns>
    public static byte[] Read(string path, long offset, int count)
    {
        if (!File.Exists(path))
            return [];
        using var file = File.OpenHandle(path);
        var bytes = new byte[count];
        return bytes[..RandomAccess.Read(file, bytes, offset)];
    }
}
