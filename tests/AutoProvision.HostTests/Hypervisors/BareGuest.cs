using System.Diagnostics;
using AutoProvision.Hypervisors;
using AutoProvision.Images;
using AutoProvision.HostTests.Support;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Hypervisors;

/// <summary>A guest made by the hypervisor's own methods alone: no VM of the service, so that nothing else acts on it.</summary>
internal sealed class BareGuest(HostApp app, string name) : IAsyncDisposable
{
    private readonly SshKeyPair _user = SshKeyPair.Generate("user");
    private readonly SshKeyPair _host = SshKeyPair.Generate("host");
    private ISshConnection? _connection;

    public Guid Id { get; } = Guid.CreateVersion7();

    public VmSize Size { get; init; } = new(1, Micro.MemoryMiB, 1);

    public IReadOnlyList<Nic> Nics { get; init; } = [new(NewMac())];

    /// <summary>Serial numbers of the disks beside the root disk, of 1 GiB each.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>That of its first NIC, once it was waited for.</summary>
    public string Address { get; private set; } = "";

    private IHypervisor Hypervisor => app.Services.GetRequiredService<IHypervisor>();

    private INetworks Networks => app.Services.GetRequiredService<INetworks>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static string NewMac() => $"52:54:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";

    public Task<BaseImage> ImageAsync() => app.Services.GetRequiredService<ImageStore>().EnsureAsync(Micro.Image, progress: null, Cancellation);

    /// <summary>Makes its disks, starts it and waits until its user is let in.</summary>
    /// <param name="source">Another guest, whose disks are copied.</param>
    public async Task StartAsync(BareGuest? source = null)
    {
        await MakeDisksAsync(source);
        await BootAsync();
    }

    public async Task MakeDisksAsync(BareGuest? source = null)
    {
        foreach (var nic in Nics)
            app.Expect(nic.Mac);
        if (source is not null)
        {
            await Hypervisor.CopyDisksAsync(Id, source.Id, Disks.Count, Size.DiskGiB, Cancellation);
            return;
        }
        await Hypervisor.CreateDiskAsync(Id, await ImageAsync(), Size.DiskGiB, Cancellation);
        for (var index = 0; index < Disks.Count; index++)
            await Hypervisor.CreateDataDiskAsync(Id, index, 1, Cancellation);
    }

    public async Task BootAsync()
    {
        await Hypervisor.CreateSeedAsync(Id, Seed(), Cancellation);
        await Hypervisor.CreateDomainAsync(new DomainSpec(Id, name, Size.Cpus, Size.MemoryMiB, Nics, Disks), Cancellation);
        Address = await Hypervisor.WaitForAddressAsync(Id, Nics[0], Cancellation);
        await ConnectAsync();
    }

    /// <summary>Waits until the guest lets its user in, over a new connection.</summary>
    public async Task ConnectAsync()
    {
        await DisconnectAsync();
        var target = new SshTarget(Address, 22, "tester", _host.PublicOpenSsh, _user.PrivateOpenSsh);
        _connection = await app.Services.GetRequiredService<SshWaiter>().WaitAsync(target, Cancellation);
    }

    /// <summary>What a command that must succeed prints.</summary>
    public async Task<string> SayAsync(string shell)
    {
        var result = await _connection!.ExecAsync(new ExecRequest(shell), Cancellation);
        Assert.True(result.ExitCode == 0, $"{shell}: {result.Stderr}");
        return result.Stdout.Trim();
    }

    public async Task<DomainPower> PowerAsync() => (await Hypervisor.ListDomainsAsync(Cancellation)).Single(domain => domain.Id == Id).Power;

    public async Task UntilAsync(DomainPower power)
    {
        while (await PowerAsync() != power)
            await Task.Delay(100, Cancellation);
    }

    /// <summary>Runs it and tells how long it took.</summary>
    public static async Task TimeAsync(string what, Func<Task> act)
    {
        var watch = Stopwatch.StartNew();
        await act();
        TestContext.Current.SendDiagnosticMessage($"{what}: {watch.Elapsed.TotalSeconds:0.00} s");
    }

    /// <summary>Leaves nothing of it on the host.</summary>
    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        // Not the test's own token: after a timeout it is cancelled already, and the guest still there.
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await Hypervisor.RemoveDomainAsync(Id, Nics, deadline.Token);
        foreach (var nic in Nics)
            await Networks.ReleaseAddressAsync(Id, nic, deadline.Token);
        await Hypervisor.RemoveSeedAsync(Id, deadline.Token);
        await Hypervisor.RemoveDiskAsync(Id, deadline.Token);
    }

    private async Task DisconnectAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connection = null;
    }

    private SeedFiles Seed()
    {
        var spec = new VmSpec { Name = name, Image = Micro.Image, Cpus = Size.Cpus, MemoryMiB = Size.MemoryMiB, DiskGiB = Size.DiskGiB, User = "tester" };
        var vm = new Vm { Id = Id, Spec = spec, State = VmState.Provisioning, CreatedAt = TimeProvider.System.GetUtcNow(), Mac = Nics[0].Mac };
        return UserData.Seed(vm, _host, [_user.PublicOpenSsh], [.. Nics.Select(NetworkInfo? (_) => null)]);
    }
}
