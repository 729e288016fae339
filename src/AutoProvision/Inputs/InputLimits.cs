namespace AutoProvision.Inputs;

/// <summary>How much of a text from outside is read. Whatever reads YAML, MIME or JSON of a caller's holds it to these.</summary>
public static class InputLimits
{
    /// <summary>Bytes of a request body: what cloud-init is given fits many times, and a stranger cannot fill the memory.</summary>
    public const int MostBodyBytes = 4 * 1024 * 1024;

    /// <summary>
    /// UTF-8 bytes of a user-data or network-config, of its decoded parts, and of its texts with aliases written out. Far above what
    /// people write: clouds take 16 to 64 KiB. Large files belong into the guest, not into its configuration.
    /// </summary>
    public const int MostTextBytes = 1024 * 1024;

    /// <summary>Values in a document, keys too, with YAML's aliases written out. A list of all of Debian's packages fits.</summary>
    public const int MostNodes = 100_000;

    /// <summary>Open collections. Real documents are a few levels deep; readers recurse once per level, and YAML's scanner looks through all levels at each token.</summary>
    public const int MostDepth = 64;

    /// <summary>Parts of a MIME message, the multi-parts among them counted, and entries of an archive.</summary>
    public const int MostParts = 64;

    /// <summary>Multi-parts within each other. cloud-init's own tools write one.</summary>
    public const int MostMultipartDepth = 8;

    /// <summary>Bytes of one part's headers. Those of one parameter list are compared with each other.</summary>
    public const int MostHeaderBytes = 32 * 1024;

    /// <summary>Errors told in one answer; any further ones are counted.</summary>
    public const int MostErrors = 100;

    /// <summary>Characters of an error's pointer: longer names are the caller's own, and known to it.</summary>
    public const int MostPointerLength = 1000;

    /// <summary>Characters of an error's detail, which may quote what was sent.</summary>
    public const int MostDetailLength = 1000;
}
