using System.Collections.Concurrent;
using System.Text;
using AutoProvision.CloudInit;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning.Steps;
using AutoProvision.Ssh;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Fakes;

/// <summary>
/// The guests of a <see cref="FakeHypervisor"/> as seen over SSH. One answers only while its domain runs, with the host key and
/// to the users and keys that its seed's user-data gives it.
/// </summary>
internal sealed class FakeGuests(FakeHypervisor hypervisor) : ISshConnector
{
    private int _open;
    private int _probes;
    private int _connections;
    private int _attempts;

    /// <summary>Connections that were opened and not closed yet.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>Connections that were ever opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How often somebody has tried to log in.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>A host key that answers in place of the one that was injected.</summary>
    public string? OtherHostKey { get; set; }

    /// <summary>Who the guest takes its user for, in place of the user itself.</summary>
    public string? LoginName { get; set; }

    /// <summary>Whether the guest lets the service's own account in, where its seed makes one.</summary>
    public bool KnowsServiceAccount { get; set; } = true;

    /// <summary>Whose key the guest does not accept any more.</summary>
    public string? Refused { get; set; }

    /// <summary>Who has logged in, oldest first.</summary>
    public ConcurrentQueue<string> Logins { get; } = new();

    /// <summary>Programs that were begun on a channel, and by whom.</summary>
    public ConcurrentQueue<(string User, string Command)> Programs { get; } = new();

    /// <summary>What cloud-init's probe answers, by its attempt from 1.</summary>
    public Func<int, CancellationToken, Task<ExecResult>> CloudInit { get; set; } = (_, _) => Task.FromResult(FakeAnswers.CloudInitDone);

    /// <summary>The files of every guest.</summary>
    public FakeFiles Files { get; } = new();

    /// <summary>Commands a test wants an answer to.</summary>
    public ConcurrentDictionary<string, ExecResult> Answers { get; } = new();

    /// <summary>What was asked to be run at once, in its order.</summary>
    public ConcurrentQueue<ExecRequest> Requests { get; } = new();

    /// <summary>Commands that a test runs itself.</summary>
    public ConcurrentDictionary<string, Func<ExecRequest, IExecSink, CancellationToken, Task<ExecEnd>>> Streams { get; } = new();

    /// <summary>Whether it keeps what was asked of it, for tests that look at it afterwards. A service that runs for long would grow by it.</summary>
    public bool Remembers { get; init; } = true;

    /// <summary>Every terminal that was opened.</summary>
    public ConcurrentQueue<FakeTerminal> Terminals { get; } = new();

    /// <summary>A real machine that takes every guest's place from here on; null where there is none.</summary>
    public (ISshConnector Connector, SshTarget Target)? Real { get; set; }

    public Task<ISshConnection> ConnectAsync(SshTarget target, CancellationToken cancellation)
    {
        if (Real is { } real)
            return real.Connector.ConnectAsync(real.Target, cancellation);
        LogIn(target, cancellation);
        return Task.FromResult<ISshConnection>(new FakeConnection(this, target));
    }

    public Task<ISshSession> OpenSessionAsync(SshTarget target, CancellationToken cancellation)
    {
        if (Real is { } real)
            return real.Connector.OpenSessionAsync(real.Target, cancellation);
        LogIn(target, cancellation);
        return Task.FromResult<ISshSession>(new FakeSession(this, target));
    }

    private void LogIn(SshTarget target, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _attempts);
        var seed = SeedAt(target.Host) ?? throw SshFailures.NotReachable(target, "Connection refused");
        var hostKey = OtherHostKey ?? seed.Text("ssh_keys", "ed25519_public");
        if (!SshPublicKey.Blob(hostKey).SequenceEqual(SshPublicKey.Blob(target.HostKeyPublic)))
            throw SshFailures.WrongHost(target, SshPublicKey.Fingerprint(hostKey));
        if (target.User == Refused || !IsAuthorized(seed, target))
            throw SshFailures.NotAuthenticated(target, new InvalidOperationException("Permission denied (publickey)."));
        if (Remembers)
            Logins.Enqueue(target.User);
        Interlocked.Increment(ref _open);
        Interlocked.Increment(ref _connections);
    }

    public bool IsUp(string address) => SeedAt(address) is not null;

    public void Closed() => Interlocked.Decrement(ref _open);

    public async Task<ExecEnd> RunAsync(SshTarget target, ExecRequest request, IExecSink sink, CancellationToken cancellation)
    {
        if (Streams.TryGetValue(request.Command, out var run))
            return await run(request, sink, cancellation);
        var result = await RunAsync(target, request, cancellation);
        sink.Started(4711);
        sink.Stdout(result.StdoutBytes is { } bytes ? bytes.Span : Encoding.UTF8.GetBytes(result.Stdout));
        sink.Stderr(Encoding.UTF8.GetBytes(result.Stderr));
        return new ExecEnd(result.ExitCode, result.Signal, result.Duration, result.TimedOut) { MayStillRun = result.MayStillRun };
    }

    private Task<ExecResult> RunAsync(SshTarget target, ExecRequest request, CancellationToken cancellation)
    {
        // As the clock that the real one sets.
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(request.Timeout ?? TimeSpan.MaxValue, TimeSpan.Zero);
        if (Remembers)
            Requests.Enqueue(request);
        return request.Command switch
        {
            "id -un; exit 42" => Task.FromResult(FakeAnswers.Of(42, (LoginName ?? target.User) + "\n")),
            var command when command == CloudInitProbe.Script || command == CloudInitProbe.ScriptForAllBoots => CloudInit(Interlocked.Increment(ref _probes), cancellation),
            var other => Task.FromResult(Answers.GetValueOrDefault(other) ?? FakeAnswers.Of(127, "", $"sh: 1: {other}: not found\n")),
        };
    }

    private YamlMappingNode? SeedAt(string address)
    {
        var mac = hypervisor.Leases.FirstOrDefault(lease => lease.Value == address).Key;
        var domain = hypervisor.Domains.Values.FirstOrDefault(it => it.Mac == mac);
        return domain is { Info.Power: DomainPower.Running } && hypervisor.Seeds.TryGetValue(domain.Info.Id, out var seed) ? MergedUserData.Root(seed.UserData) : null;
    }

    private bool IsAuthorized(YamlMappingNode seed, SshTarget target)
    {
        var offered = SshPublicKey.Fingerprint(PrivateKeyText.PublicLine(target.PrivateKeyOpenSsh));
        if (target.User == ServiceAccount.Name)
            return KnowsServiceAccount && seed.Has("bootcmd") && ((YamlSequenceNode)seed.At("bootcmd")).OfType<YamlSequenceNode>().Select(command => command.Select(word => ((YamlScalarNode)word).Value!).ToList())
                .Any(words => words.Contains(ServiceAccount.Semaphore) && SshPublicKey.Fingerprint(words[^1]) == offered);
        var users = ((YamlSequenceNode)seed.At("users")).Prepend(seed.At("user"));
        return users.OfType<YamlMappingNode>().Any(user =>
            ((YamlScalarNode)user["name"]).Value == target.User && user.Has("ssh_authorized_keys") && user.Texts("ssh_authorized_keys").Any(key => SshPublicKey.Fingerprint(key) == offered));
    }
}
