using AutoProvision.Hypervisors.Libvirt;

namespace AutoProvision.HostTests.Support;

/// <summary>A directory of wrappers around the host's tools that, first on a service's PATH, go wrong when they are told to.</summary>
internal sealed class FaultyTools : IDisposable
{
    private static readonly string[] Names = ["virsh", "virt-install", "qemu-img", "xorriso"];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-tools-");

    public FaultyTools()
    {
        foreach (var name in Names)
        {
            File.WriteAllText(PathOf(name), Script(HostTools.Find(name)!));
            File.SetUnixFileMode(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public string SearchPath => $"{_directory.FullName}:{Environment.GetEnvironmentVariable("PATH")}";

    /// <param name="tool">Which.</param>
    /// <param name="way">fail, hang, print rubbish and exit with 0, or be slow: do its work after a second.</param>
    public void Break(string tool, string way) => File.WriteAllText(PathOf($"{tool}.fault"), way);

    public void Mend()
    {
        foreach (var fault in _directory.GetFiles("*.fault"))
            fault.Delete();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    // "qemu-img info" works always: only what is made for the VM is to go wrong.
    private static string Script(string real) => $"""
        #!/bin/sh
        way=$(cat "$0.fault" 2>/dev/null)
        [ "$1" != info ] || way=
        case $way in
          fail) echo "broken on purpose" >&2; exit 3 ;;
          hang) exec sleep 600 ;;
          rubbish) echo "<<< 0xDEADBEEF >>>"; exit 0 ;;
          slow) sleep 1 ;;
        esac
        exec {real} "$@"

        """;
}
