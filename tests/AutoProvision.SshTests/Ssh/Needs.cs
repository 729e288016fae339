namespace AutoProvision.Ssh;

/// <summary>
/// The trait of tests that only root can run, because they give files to other users, become other users, open terminals or mount a disk.
/// <c>deploy/test</c> counts them as skipped where it does not run as root, and says so.
/// </summary>
internal static class Needs
{
    public const string Name = "Needs";
    public const string Root = "root";
}
