using System.Globalization;
using AutoProvision.CloudInit.Verification;
using AutoProvision.HostTests.Support;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>That the guest is as <see cref="WholeSpec"/> says, and its user-data changed nothing of that.</summary>
internal sealed class SpecProofs(WholeGuest guest)
{
    public async Task CloudInitRanOursTheirsAndTheScriptAsync()
    {
        // Its schema does not know a key of theirs: to itself that is a recoverable error (2), to the service an event.
        Assert.Equal("status: done", await guest.SayAsync("cloud-init status || [ $? = 2 ]"));
        Assert.Contains(await guest.App.HistoryAsync(guest.Id), what => what.Message?.Contains("no_such_key", StringComparison.Ordinal) == true);
        Assert.Equal("whole", await guest.SayAsync("hostname"));
        Assert.Equal("ours script theirs", await guest.SayAsync("echo $(sort /var/lib/ran)"));
        Assert.Equal("ours theirs", await guest.SayAsync("echo $(sort /var/lib/boots)"));
        Assert.StartsWith("passwordauthentication no", await guest.SayAsync("sudo sshd -T | grep -i passwordauth"), StringComparison.OrdinalIgnoreCase);
        var vm = await guest.App.GetAsync(guest.Id);
        Assert.StartsWith(vm.HostKey!, await guest.SayAsync("sudo sh -c 'cat /etc/ssh/ssh_host_*_key.pub'"), StringComparison.Ordinal);
    }

    public async Task ItWasVerifiedInFullAsync()
    {
        var vm = await guest.App.GetAsync(guest.Id);
        Assert.True(vm is { Verified: Verified.Full, Failure: null }, await guest.SayAsync($"sudo grep -v ok {VerificationScript.Answer}"));
        await VerificationTimes.PrintAsync(guest.App, guest.Id);
    }

    public async Task UsersAreThereAsync()
    {
        Assert.Equal("adm app crew ops", await guest.SayAsync("echo $(id -nG app | tr ' ' '\\n' | sort)"));
        Assert.Equal("/bin/sh", await guest.SayAsync("getent passwd app | cut -d: -f7"));
        Assert.Contains("not allowed", await guest.SayAsync("sudo -l -U app"), StringComparison.Ordinal);
        await guest.SayAsync("id bob");
    }

    /// <summary>As it is without cloud-init's default user, but with what a caller means for that one.</summary>
    public async Task TheFirstUserIsTheDefaultUserAsync()
    {
        Assert.Equal("uid=1000(debian) gid=1000(debian) groups=1000(debian)", await guest.SayAsync("id"));
        Assert.Equal("debian:x:1000:1000::/home/debian:/bin/bash", await guest.SayAsync("getent passwd debian"));
        Assert.Contains(WholeSpec.TopLevelKey, await guest.SayAsync("cat ~/.ssh/authorized_keys"), StringComparison.Ordinal);
        Assert.Equal("debian P", await guest.SayAsync("sudo passwd -S debian | cut -d' ' -f1,2"));
        Assert.Equal(".bashrc", await guest.SayAsync("cd && ls -A .bashrc"));
    }

    /// <summary>Names of groups: the image's, one that another user and the caller make first, one's own. And a name with a dot.</summary>
    public async Task NamesOfGroupsAreTakenAsync()
    {
        Assert.Equal("operator:x:37:", (await guest.SayAsync("getent group operator")).Replace(":operator", ":", StringComparison.Ordinal));
        Assert.Equal("operator|ops debian|jane.doe|app", await guest.SayAsync("echo \"$(id -nG operator)|$(id -nG ops)|$(id -nG jane.doe)|$(id -ng app)\""));
        Assert.Equal("0", await guest.SayAsync("sudo -u jane.doe sudo -n id -u"));
    }

    /// <summary>Skeleton and owner, with files below them and with disks on or in them.</summary>
    public async Task HomesAreWholeAsync()
    {
        foreach (var user in new[] { "debian", "app", "operator", "ops", "jane.doe", "bob" })
            Assert.Equal($"{user} {user}", await guest.SayAsync($"sudo stat -c %U /home/{user} /home/{user}/.bashrc | xargs"));
        Assert.Equal("ops ops ops", await guest.SayAsync("sudo stat -c %U /home/ops/.config /home/ops/.config/deep /home/ops/.config/deep/file | xargs"));
        Assert.Equal("600", await guest.SayAsync("sudo stat -c %a /home/ops/.config/deep/file"));
        Assert.Equal("/home/jane.doe|jane.doe:jane.doe", await guest.SayAsync("echo \"$(findmnt -no TARGET /home/jane.doe)|$(sudo stat -c %U:%G /home/jane.doe/note)\""));
        Assert.Equal("/home/app/inner|app", await guest.SayAsync("echo \"$(sudo findmnt -no TARGET /home/app/inner)|$(sudo stat -c %U /home/app/inner)\""));
        Assert.Equal("jane.doe /home/jane.doe/.profile", await guest.SayAsync("cat /var/lib/settled-before-commands"));
        // The parent of a file is its owner's, that of the mount point stays root's; what the caller's user-data writes on a disk is there.
        Assert.Equal("app root", await guest.SayAsync("stat -c %U /srv/app /srv | xargs"));
        Assert.Equal("theirs theirs", await guest.SayAsync("echo $(cat /data/theirs) $(sudo cat /home/bob/theirs)"));
        Assert.Equal("", await guest.SayAsync("sudo ls /var/lib/cloud/scripts/per-instance"));
    }

    /// <summary>Addresses of both kinds on a network that has both, and no default route over it.</summary>
    public async Task ItIsOnTheOtherNetworkTooAsync()
    {
        var addresses = await guest.SayAsync($"for i in $(seq 600); do ip -6 -o addr show nic2 scope global | grep -q {guest.Lan.Prefix} && break; sleep 0.1; done; ip -o addr show nic2 | awk '{{print $4}}'");
        Assert.Contains(addresses.Split('\n'), address => address.StartsWith($"{guest.Lan.Subnet}.", StringComparison.Ordinal));
        Assert.Contains(addresses.Split('\n'), address => address.StartsWith(guest.Lan.Prefix, StringComparison.Ordinal));
        Assert.DoesNotContain("nic2", await guest.SayAsync("ip -4 route show default"), StringComparison.Ordinal);
    }

    /// <summary>Through QEMU's guest agent, which alone tells those of IPv6: of each NIC in turn, IPv4 first.</summary>
    public async Task TheGuestAgentTellsItsAddressesAsync()
    {
        await Tool.VirshAsync("qemu-agent-command", $"{guest.Id}", """{"execute":"guest-ping"}""");
        var vm = await guest.App.GetAsync(guest.Id);
        var nics = vm.Nics.Select(nic => new Nic(nic.Mac, nic.Network)).ToList();

        var addresses = await guest.App.Services.GetRequiredService<IHypervisor>().ListAddressesAsync(guest.Id, nics, TestContext.Current.CancellationToken);

        Assert.Equal(WholeSpec.Address, addresses[0]);
        Assert.StartsWith(guest.Lan.Subnet, addresses[2], StringComparison.Ordinal);
        Assert.NotEmpty(addresses.Skip(3));
        Assert.All(addresses.Skip(3), address => Assert.StartsWith(guest.Lan.Prefix, address, StringComparison.Ordinal));
    }

    public async Task FilesAndHostsAreThereAsync()
    {
        Assert.Equal("yes: [no]\nroot:adm 640", await guest.SayAsync("sudo cat /etc/whole/text; stat -c '%U:%G %a' /etc/whole/text"));
        Assert.Equal("AP8BgA==\napp:crew 4750", await guest.SayAsync("sudo base64 /srv/app/bytes; stat -c '%U:%G %a' /srv/app/bytes"));
        Assert.Equal("192.0.2.7 db.example db|192.0.2.8 late.example", await guest.SayAsync("echo $(getent hosts db)'|'$(getent hosts late.example)"));
        Assert.Equal("Asia/Kathmandu", await guest.SayAsync("readlink -f /etc/localtime | sed s,.*zoneinfo/,,"));
    }

    /// <summary>Installed, and already when the commands of the spec ran.</summary>
    public async Task ItsPackageIsInstalledAsync()
    {
        Assert.Equal($"install ok installed {AptRepository.Version}", await guest.SayAsync($"dpkg-query -W -f '${{Status}} ${{Version}}' {AptRepository.Package}"));
        Assert.Equal(AptRepository.Contents, await guest.SayAsync($"cat {AptRepository.File}"));
        Assert.Equal(AptRepository.Contents, await guest.SayAsync("cat /var/lib/found-by-commands"));
    }

    public async Task TheEnvironmentIsExactAsync()
    {
        const string Print = "printf '[%s]' \"$HOSTILE\" \"$SPACED\" \"${EMPTY-unset}\"";
        var expected = $"[{WholeSpec.Hostile}][{WholeSpec.Spaced}][]";
        Assert.Equal(expected, await guest.SayAsync(Print));
        foreach (var user in new[] { "app", "bob" })
            Assert.Equal(expected, await guest.SayAsync($"sudo su -l {user} <<'END'\n{Print}\nEND"));
    }

    public async Task DisksAndSwapAreThereAsync()
    {
        Assert.Equal("/data ext4", await guest.SayAsync("findmnt -no TARGET,FSTYPE $(readlink -f /dev/disk/by-id/virtio-data) | xargs"));
        Assert.Equal("on the disk", await guest.SayAsync("cat /data/inside"));
        Assert.Equal("", await guest.SayAsync("sudo blkid -p /dev/disk/by-id/virtio-spare || true; lsblk -no FSTYPE /dev/disk/by-id/virtio-spare | xargs"));
        Assert.InRange(int.Parse(await guest.SayAsync("df --output=size -BM / | tail -1 | tr -dc 0-9"), CultureInfo.InvariantCulture), 3500, 4096);
        Assert.Equal("/swap.img 128M", await guest.SayAsync("/sbin/swapon --show=NAME,SIZE --noheadings | xargs"));
    }

    public async Task TheAddressIsReservedAsync()
    {
        var vm = await guest.App.GetAsync(guest.Id);
        Assert.Equal(WholeSpec.Address, vm.Address);
        Assert.Contains($"<host mac='{vm.Mac}' ip='{WholeSpec.Address}'/>", await Tool.VirshAsync("net-dumpxml", "default"), StringComparison.Ordinal);
        Assert.Contains(WholeSpec.Address, (await guest.SayAsync("hostname -I")).Split(' '));
        Assert.Matches("^192[.]168[.]122[.][0-9]+$", await guest.SayAsync("ip -4 -o addr show nic1 | sed -E 's,.* inet ([0-9.]+)/.*,\\1,'"));
        var routes = (await guest.SayAsync("ip -4 route show default")).Split('\n');
        Assert.DoesNotContain("nic1", Assert.Single(routes), StringComparison.Ordinal);
    }
}
