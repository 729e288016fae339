using AutoProvision.Vms;

namespace AutoProvision.Images;

/// <summary>Every way in which getting an image can fail, with its stable code.</summary>
internal static class ImageFailures
{
    // EFBIG: the file system takes no file as large.
    private const int TooLarge = 27;

    public static FailureException Unknown(string name, IEnumerable<string> known) => new(
        "image_unknown", $"There is no image '{name}'.", $"Known images: {string.Join(", ", known)}.");

    public static FailureException Missing(string name, string path) => new(
        "image_missing", $"The file of image '{name}' is not there: {path}", $"Put it there, or correct Images:Catalog:{name}:Path.");

    public static FailureException Download(Uri url, string why, Exception? inner = null) => new(
        "image_download_failed", $"{url} could not be downloaded: {why}",
        "See that this host reaches the address (a proxy is taken from https_proxy) and that the catalogue has it right; the next try goes on where this one stopped.",
        inner?.Message, inner);

    public static FailureException ChecksumNotListed(Uri list, string file) => new(
        "image_checksum_missing", $"{list} has no SHA-256 or SHA-512 line for {file}.", "Correct ChecksumUrl, or give Sha256 or Sha512 instead.");

    public static FailureException ChecksumMismatch(Uri url, string algorithm, string expected, string actual) => new(
        "image_checksum_mismatch", $"{url} has {algorithm} {actual}, expected {expected}. It was deleted.",
        "The publisher may be in the middle of a release: try again later. If it stays so, the file or the catalogue's checksum is wrong; do not use it.");

    public static FailureException DiskFull(string path, string why, Exception? inner = null) => new(
        "image_disk_full", $"No room for {path}: {why}", "Free some space, or point Images:Directory at a larger disk.", inner: inner);

    public static FailureException Storage(string path, Exception inner) => DiskErrors.IsFull(inner) || inner.HResult == TooLarge
        ? DiskFull(path, inner.Message, inner)
        : new("image_storage_failed", $"{path} could not be read or written: {inner.Message}",
            "Images:Directory must be on a working disk and writable by the service.", inner: inner);

    public static FailureException Build(string script, string why, string? evidence, Exception? inner = null) => new(
        "image_build_failed", $"{script} {why}",
        Environment.IsPrivilegedProcess
            ? "See what it printed; it needs the tools that deploy/quickstart installs and some gigabytes of free disk."
            : "Building an image needs root (it installs packages into a directory) and the service does not run as root: run deploy/quickstart as root once, which leaves the built image where the service looks for it.",
        evidence, inner);

    public static FailureException Unsafe(string path, string why) => new(
        "image_unsafe", $"{path} was refused: {why}",
        "A base image must stand alone, or a guest could read files of this host: flatten it with 'qemu-img convert -O qcow2'.");

    public static FailureException Unreadable(string path, string why, string? evidence = null) => new(
        "image_unreadable", $"{path} is no usable disk image: {why}",
        "A base image must be qcow2 or raw: look at it with 'qemu-img info', convert it with 'qemu-img convert -O qcow2'.", evidence);
}
