using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

/// <summary>A real sshd on 127.0.0.1 with its own configuration, host key and authorised key, in a directory of its own,
/// which is its user's home as well: the machine's start-up files stay out of the tests.</summary>
public class SshdFixture : IAsyncLifetime
{
    // The machine's own may be missing, or let nobody in: as much of sudo as the service asks for.
    private const string Sudo = """
        #!/bin/sh
        while [ $# -gt 0 ] && [ "$1" != -- ] && [ "$1" != kill ]; do
          [ "$1" != -u ] || { user=$2; shift; }
          shift
        done
        [ "$1" != -- ] || shift
        id -u "${user:=root}" >/dev/null 2>&1 || { echo "sudo: unknown user $user" >&2; exit 1; }
        exec setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env HOME="$(getent passwd "$user" | cut -d: -f6)" "$@"

        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("autoprovision-sshd-");
    private readonly SshKeyPair _hostKey = SshKeyPair.Generate("host");
    private readonly SshKeyPair _userKey = SshKeyPair.Generate("user");
    private Process? _sshd;

    /// <summary>A line of its configuration that only some tests want.</summary>
    protected virtual string More => "";

    /// <summary>Another login shell than the machine's user has; null for that one.</summary>
    protected virtual string? LoginShell => null;

    /// <summary>Start-up files in the user's home, with what is in them.</summary>
    protected virtual IReadOnlyDictionary<string, string> StartUpFiles { get; } = new Dictionary<string, string>();

    public ConcurrentQueue<string> Log { get; } = new();

    public int Port { get; private set; }

    public SshTarget Target => new("127.0.0.1", Port, Environment.UserName, _hostKey.PublicOpenSsh, _userKey.PrivateOpenSsh);

    public static SshConnector Connector() => new(Options.Create(new SshOptions()), TimeProvider.System);

    /// <summary>A port that is taken, and that nothing listens on.</summary>
    public static Socket Unused()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    public async ValueTask InitializeAsync()
    {
        // As root, sshd puts its unprivileged half there.
        if (Environment.IsPrivilegedProcess)
            Directory.CreateDirectory("/run/sshd");
        new KeyFiles(_directory.FullName).Write(_hostKey);
        await File.WriteAllTextAsync(PathOf("authorized_keys"), _userKey.PublicOpenSsh + "\n");
        await File.WriteAllTextAsync(PathOf("sudo"), Sudo);
        File.SetUnixFileMode(PathOf("sudo"), (UnixFileMode)0b111_101_101);
        foreach (var (name, text) in StartUpFiles)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
            await File.WriteAllTextAsync(PathOf(name), text);
            // Some are programs: the home is on the path.
            File.SetUnixFileMode(PathOf(name), (UnixFileMode)0b111_101_101);
        }
        // Until sshd has the port that was chosen for it, another program may take it.
        for (var left = 5; !await TryStartAsync(); left--)
            Assert.True(left > 0, $"sshd does not start:\n{string.Join('\n', Log)}");
    }

    /// <summary>Kills the processes that serve connections, as a crashing guest would.</summary>
    public void CutConnections()
    {
        foreach (var id in Connections())
            Process.GetProcessById(id).Kill();
    }

    /// <summary>Sends a signal to them.</summary>
    public void SignalConnections(string name)
    {
        foreach (var id in Connections())
            Process.Start("kill", ["-s", name, $"{id}"]).WaitForExit();
    }

    /// <summary>Sends one to the process that others connect to.</summary>
    public void SignalListener(string name) => Process.Start("kill", ["-s", name, $"{_sshd!.Id}"]).WaitForExit();

    public async ValueTask DisposeAsync()
    {
        if (_sshd is not null)
        {
            _sshd.Kill(entireProcessTree: true);
            await _sshd.WaitForExitAsync();
            _sshd.Dispose();
        }
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    // A user other than root is served by two processes, and the second holds the connection.
    private List<int> Connections() => [.. HostProcesses.ChildrenOf(_sshd!.Id)
        .SelectMany(id => HostProcesses.ChildrenOf(id).Where(child => HostProcesses.NameOf(child).StartsWith("sshd", StringComparison.Ordinal)).Prepend(id))];

    /// <returns>Whether it listens; false where it has ended instead.</returns>
    private async Task<bool> TryStartAsync()
    {
        using (var chosen = Unused())
            Port = PortOf(chosen);
        await File.WriteAllTextAsync(PathOf("sshd_config"), Configuration());
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sshd?.Dispose();
        _sshd = Process.Start(new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", PathOf("sshd_config")]) { RedirectStandardError = true })!;
        _sshd.ErrorDataReceived += (_, line) => Read(line.Data, listening);
        _sshd.BeginErrorReadLine();
        return await Task.WhenAny(listening.Task, _sshd.WaitForExitAsync()).WaitAsync(TimeSpan.FromSeconds(30)) == listening.Task;
    }

    private string Configuration() => $"""
        Port {Port}
        ListenAddress 127.0.0.1
        HostKey {new KeyFiles(_directory.FullName).PrivateKeyPath}
        PidFile none
        AuthorizedKeysFile {PathOf("authorized_keys")}
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        LogLevel VERBOSE
        {More}
        SetEnv HOME={_directory.FullName} PATH={_directory.FullName}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin{Shell()}

        """;

    // As sshd would run it for a user who has it: the text of the command behind -c, and its own name in SHELL.
    private string Shell() => LoginShell is { } shell ? $" SHELL={shell}\nForceCommand exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"" : "";

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    private void Read(string? line, TaskCompletionSource listening)
    {
        if (line is null)
            return;
        Log.Enqueue(line);
        if (line.StartsWith("Server listening", StringComparison.Ordinal))
            listening.TrySetResult();
    }
}
