using AutoProvision.Hypervisors;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.HostTests.Support;
using AutoProvision.Images;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Vms;

/// <summary>A real guest whose sshd answers with another host key than the one that was made for it.</summary>
public sealed class WrongHostKeyTests
{
    [Fact(Timeout = 900_000)]
    public async Task A_guest_with_another_host_key_is_refused()
    {
        await using var app = new HostApp(services: services => services
            .AddSingleton<LibvirtHypervisor>()
            .AddSingleton<IHypervisor>(provider => new KeySwapper(provider.GetRequiredService<LibvirtHypervisor>())));
        var before = await HostSnapshot.TakeAsync(app);

        var created = await app.CreateAsync(new { name = "impostor" });
        var vm = await app.WaitUntilMadeAsync(created.Id);

        Assert.Equal(VmState.Failed, vm.State);
        Assert.Equal(("ssh_host_key_mismatch", "ssh"), (vm.Failure!.Code, vm.Failure.Step));
        await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    /// <summary>libvirt itself, but the seed carries another host key.</summary>
    private sealed class KeySwapper(IHypervisor inner) : IHypervisor
    {
        public Task CreateSeedAsync(Guid id, SeedFiles seed, CancellationToken cancellation) =>
            inner.CreateSeedAsync(id, seed with { UserData = Swap(seed.UserData) }, cancellation);

        public Task<HostReport> InspectAsync(CancellationToken cancellation) => inner.InspectAsync(cancellation);

        public Task<HostRoom> MeasureAsync(CancellationToken cancellation) => inner.MeasureAsync(cancellation);

        public Task<IReadOnlyList<DomainInfo>> ListDomainsAsync(CancellationToken cancellation) => inner.ListDomainsAsync(cancellation);

        public Task<IReadOnlyList<Orphan>> FindOrphansAsync(Func<Guid, bool> isKnown, CancellationToken cancellation) => inner.FindOrphansAsync(isKnown, cancellation);

        public Task<Failure?> DiagnoseAsync(Guid id, CancellationToken cancellation) => inner.DiagnoseAsync(id, cancellation);

        public Task ResumeAsync(Guid id, CancellationToken cancellation) => inner.ResumeAsync(id, cancellation);

        public Task<DomainInfo?> FindDomainAsync(string name, CancellationToken cancellation) => inner.FindDomainAsync(name, cancellation);

        public Task RemoveSeedAsync(Guid id, CancellationToken cancellation) => inner.RemoveSeedAsync(id, cancellation);

        public Task CreateDiskAsync(Guid id, BaseImage image, int sizeGiB, CancellationToken cancellation) => inner.CreateDiskAsync(id, image, sizeGiB, cancellation);

        public Task RemoveDiskAsync(Guid id, CancellationToken cancellation) => inner.RemoveDiskAsync(id, cancellation);

        public Task CreateDomainAsync(DomainSpec spec, CancellationToken cancellation) => inner.CreateDomainAsync(spec, cancellation);

        public Task RemoveDomainAsync(Guid id, string mac, CancellationToken cancellation) => inner.RemoveDomainAsync(id, mac, cancellation);

        public Task<string> WaitForAddressAsync(Guid id, string mac, CancellationToken cancellation) => inner.WaitForAddressAsync(id, mac, cancellation);

        public Task<string> ReadConsoleAsync(Guid id, int maxChars, CancellationToken cancellation) => inner.ReadConsoleAsync(id, maxChars, cancellation);

        private static string Swap(string userData)
        {
            var other = SshKeyPair.Generate("root@elsewhere");
            var swapped = string.Join('\n', userData.Split('\n').Select(line => line.Trim() switch
            {
                var it when it.StartsWith("ed25519_private:", StringComparison.Ordinal) => Replace(line, other.PrivateOpenSsh),
                var it when it.StartsWith("ed25519_public:", StringComparison.Ordinal) => Replace(line, other.PublicOpenSsh),
                _ => line,
            }));
            Assert.NotEqual(userData, swapped);
            return swapped;
        }

        // The builder writes each string on one line, in double quotes.
        private static string Replace(string line, string value) => line[..(line.IndexOf(':') + 1)] + " \"" + value.Replace("\n", "\\n") + "\"";
    }
}
