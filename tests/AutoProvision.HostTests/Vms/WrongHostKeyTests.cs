using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using AutoProvision.Hypervisors;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.HostTests.Support;
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
            .AddSingleton<IHypervisor>(provider => KeySwapper.Around(provider.GetRequiredService<LibvirtHypervisor>())));
        var before = await HostSnapshot.TakeAsync(app);

        var created = await app.CreateAsync(new { name = "impostor" });
        var vm = await app.WaitUntilMadeAsync(created.Id);

        Assert.Equal(VmState.Failed, vm.State);
        Assert.Equal(("ssh_host_key_mismatch", "ssh"), (vm.Failure!.Code, vm.Failure.Step));
        await app.DeleteAsync(vm.Id);
        Assert.Empty(await HostSnapshot.NewSinceAsync(app, before));
    }

    /// <summary>libvirt itself, but the seed carries another host key.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "A DispatchProxy is derived from at run time.")]
    internal class KeySwapper : DispatchProxy
    {
        private IHypervisor _inner = null!;

        public static IHypervisor Around(IHypervisor inner)
        {
            var proxy = Create<IHypervisor, KeySwapper>();
            ((KeySwapper)(object)proxy)._inner = inner;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IHypervisor.CreateSeedAsync))
                args![1] = (SeedFiles)args[1]! with { UserData = Swap(((SeedFiles)args[1]!).UserData) };
            return targetMethod.Invoke(_inner, args);
        }

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
