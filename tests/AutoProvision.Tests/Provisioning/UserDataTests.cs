using AutoProvision.CloudInit;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Hypervisors;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Provisioning;

public class UserDataTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB4C8a0x you@example";
    private const string HostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost host";
    private static readonly SshKeyPair Pair = new("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", HostKey);
    private static readonly NetworkInfo Plain = new("default", ["192.0.2.1/24"], HasDhcp4: true, HasIpv6: false);
    private static readonly NetworkInfo Lan = new("lan", ["198.51.100.1/24", "fd00:12::1/64"], HasDhcp4: true, HasIpv6: true);

    private static readonly VmSpec Small = VmRules.Smallest with { Name = "web", User = "debian" };

    private static readonly VmSpec Full = Small with
    {
        Packages = ["git"],
        Files = [new VmFile("/data/a", "x"), new VmFile("/b", "AP8NCg==", IsBase64: true)],
        Hosts = [new VmHost("192.0.2.9", ["db"])],
        RunCommands = ["echo run"],
        Users = [new VmUser("app", ["adm"], Sudo: false, "/bin/sh", [Key]), new VmUser("ops", [], Sudo: true, "/bin/bash", [])],
        BootCommands = ["echo boot"],
        Timezone = "Europe/Berlin",
        SwapMiB = 256,
        Environment = new Dictionary<string, string> { ["B"] = "two words", ["A"] = "1" },
        Disks = [new VmDisk("data", 1, "/data"), new VmDisk("spare", 1)],
    };

    [Fact]
    public void A_plain_vm_has_plain_cloud_config_and_no_network_config()
    {
        var seed = Seed(Small);

        Assert.StartsWith("#cloud-config\nssh_pwauth: false\n", seed.UserData, StringComparison.Ordinal);
        Assert.Null(seed.NetworkConfig);
        Assert.Equal(
            ["ssh_pwauth", "disable_root", "no_ssh_fingerprints", "ssh", "locale", "hostname", "ssh_keys", "ssh_genkeytypes", "ssh_deletekeys", "manage_etc_hosts", "user", "users", "write_files", "bootcmd"],
            ParsedUserData.Root(seed.UserData).Children.Keys.Select(key => ((YamlScalarNode)key).Value));
    }

    [Fact]
    public void Users_have_what_was_asked_for()
    {
        var users = Config(Full).At("users");

        Assert.Equal("default", users.Text(0));
        Assert.Equal(["app", "ops"], ((YamlSequenceNode)users).Skip(1).Select(user => user.Text("name")));
        Assert.Equal([Key], users.Texts(1, "ssh_authorized_keys"));
        Assert.Equal(["app", "adm"], users.Texts(1, "groups"));
        Assert.Equal("/bin/sh", users.Text(1, "shell"));
        Assert.False(users.At(1).Has("sudo"));
        Assert.Equal("ALL=(ALL) NOPASSWD:ALL", users.Text(2, "sudo"));
    }

    [Fact]
    public void Machine_settings_are_there()
    {
        var config = Config(Full);

        Assert.Equal("Europe/Berlin", config.Text("timezone"));
        Assert.Equal("/swap.img", config.Text("swap", "filename"));
        Assert.Equal("256M", config.Text("swap", "size"));
        Assert.Equal(["sh", "-c", "echo boot"], config.Texts("bootcmd", 1));
        Assert.Equal("/dev/disk/by-id/virtio-data", config.Text("fs_setup", 0, "device"));
        Assert.Equal("ext4", config.Text("fs_setup", 0, "filesystem"));
        Assert.Equal("false", config.Plain("fs_setup", 0, "overwrite"));
        Assert.Single((YamlSequenceNode)config.At("mounts"));
        Assert.Equal(["/dev/disk/by-id/virtio-data", "/data", "ext4", "defaults,nofail,x-systemd.device-timeout=30s", "0", "2"], config.Texts("mounts", 0));
    }

    [Fact]
    public void A_disk_within_another_is_mounted_after_it()
    {
        var config = Config(Full with { Disks = [new VmDisk("inner", 1, "/data/sub"), new VmDisk("outer", 1, "/data")] });

        Assert.Equal(["/data", "/data/sub"], ((YamlSequenceNode)config.At("mounts")).Select((_, index) => config.Texts("mounts", index)[1]));
    }

    [Fact]
    public void Files_are_written_byte_for_byte_and_beneath_a_mount_point_once_it_is_mounted()
    {
        var files = Config(Full).At("write_files");

        Assert.Equal(["/data/a", "/b", "/etc/environment", "/etc/hosts"], ((YamlSequenceNode)files).Select(file => file.Text("path")));
        Assert.Equal("true", files.Plain(0, "defer"));
        Assert.False(files.At(1).Has("defer"));
        Assert.Equal([0, 255, 13, 10], Convert.FromBase64String(files.Text(1, "content")));
        Assert.Equal("\nA=\"1\"\nB=\"two words\"\n", files.Text(2, "content"));
        Assert.Equal("true", files.Plain(2, "append"));
    }

    [Fact]
    public void A_clone_gets_its_identity_only()
    {
        var seed = Seed(Full with { UserData = "#cloud-config\npackages: [vim]\n" }, clone: true);
        var config = ParsedUserData.Root(seed.UserData).WithoutVerification();

        Assert.Equal("web", config.Text("hostname"));
        Assert.Equal(HostKey + "\n", config.Text("ssh_keys", "ed25519_public"));
        Assert.Equal(3, ((YamlSequenceNode)config.At("users")).Children.Count);
        Assert.Equal("localhost", config.Text("manage_etc_hosts"));
        Assert.True(config.Has("mounts") && config.Has("swap"));
        Assert.All(new[] { "packages", "package_update", "write_files", "runcmd", "fs_setup", "timezone" }, key => Assert.False(config.Has(key), key));
        Assert.Equal(["cloud-init-per", "instance", "forget-original", "sh", "-c"], config.Texts("bootcmd", 0)[..5]);
        Assert.Equal(["sh", "debian", "app", "ops"], config.Texts("bootcmd", 0)[6..]);
        Assert.Equal(["sh", "-c", "echo boot"], config.Texts("bootcmd", 2));
    }

    [Fact]
    public void No_boot_rewrites_the_hosts_file_of_a_vm_or_a_clone()
    {
        Assert.Equal("localhost", Config(Small).Text("manage_etc_hosts"));
        Assert.Equal("localhost", ParsedUserData.Root(Seed(Small, clone: true).UserData).Text("manage_etc_hosts"));
        Assert.Equal("localhost", Config(Full).Text("manage_etc_hosts"));
    }

    [Fact]
    public void Further_nics_ipv6_and_clones_are_told_of_their_network()
    {
        Assert.NotNull(Seed(Small, clone: true).NetworkConfig);
        Assert.NotNull(Seed(Small, networks: [Lan]).NetworkConfig);
        Assert.NotNull(Seed(Small with { Nics = [new VmNic("lan")] }, networks: [Plain, Plain]).NetworkConfig);
        Assert.Equal("version: 1\n", Seed(Small with { NetworkConfig = "version: 1\n" }, clone: true, networks: []).NetworkConfig);
    }

    [Fact]
    public void The_first_nic_alone_has_default_routes()
    {
        var none = new NetworkInfo("isolated", ["203.0.113.1/24"], HasDhcp4: false, HasIpv6: false);
        var bridge = new NetworkInfo("bridge", [], HasDhcp4: false, HasIpv6: false);
        var spec = Small with { Nics = [new VmNic("lan"), new VmNic("isolated"), new VmNic("bridge")] };
        var nics = ParsedUserData.Root(Seed(spec, networks: [Plain, Lan, none, bridge]).NetworkConfig!).At("ethernets");

        Assert.Equal(["nic0", "nic1", "nic2", "nic3"], ((YamlMappingNode)nics).Children.Keys.Select(key => ((YamlScalarNode)key).Value));
        Assert.Equal("52:54:00:00:00:00", nics.Text("nic0", "match", "macaddress"));
        Assert.All(["nic0", "nic1", "nic2", "nic3"], (string nic) => Assert.Equal("mac", nics.Text(nic, "dhcp-identifier")));
        Assert.Equal(["true", "true", "false", "true"], new[] { "nic0", "nic1", "nic2", "nic3" }.Select(nic => nics.Plain(nic, "dhcp4")));
        Assert.False(nics.At("nic0").Has("dhcp6") || nics.At("nic0").Has("optional") || nics.At("nic0").Has("dhcp4-overrides"));
        Assert.False(nics.At("nic0").Has("set-name"));
        Assert.Equal("nic1", nics.Text("nic1", "set-name"));
        Assert.Equal("true", nics.Plain("nic1", "dhcp6"));
        Assert.Equal("true", nics.Plain("nic1", "optional"));
        Assert.Equal("false", nics.Plain("nic1", "dhcp4-overrides", "use-routes"));
    }

    private static YamlMappingNode Config(VmSpec spec) => ParsedUserData.Root(Seed(spec).UserData).WithoutVerification();

    private static SeedFiles Seed(VmSpec spec, bool clone = false, NetworkInfo[]? networks = null)
    {
        var vm = new Vm
        {
            Id = Guid.NewGuid(),
            Spec = spec,
            State = VmState.Provisioning,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Mac = "52:54:00:00:00:00",
            MoreMacs = [.. spec.Nics.Select((_, index) => $"52:54:00:00:00:0{index + 1}")],
            CloneOf = clone ? Guid.NewGuid() : null,
        };
        return UserData.Seed(vm, Pair, [Key], networks ?? [Plain]);
    }
}
