using AutoProvision.CloudInit;
using AutoProvision.CloudInit.Verification;
using AutoProvision.Processes;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Provisioning;

/// <summary>Users, homes and directories of a rendered seed.</summary>
public class SeedUserTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB4C8a0x you@example";
    private const string Script = "/var/lib/cloud/scripts/per-instance/000-settle";
    private static readonly VmSpec Small = VmRules.Smallest with { Name = "web", User = "debian" };

    [Fact]
    public void The_vms_user_is_cloud_inits_default_user_with_nothing_of_the_images_own()
    {
        var config = Config(Small);
        var user = config.At("user");

        // Each key that an image may have for its own default user, or that one's would be taken (normalize_users_groups).
        Assert.Equal(("debian", "", "/bin/bash", UserOptions.FullSudo), (user.Text("name"), user.Text("gecos"), user.Text("shell"), user.Text("sudo")));
        Assert.Equal("true", user.Plain("lock_passwd"));
        Assert.Equal(["debian"], user.Texts("groups"));
        Assert.Equal([Key], user.Texts("ssh_authorized_keys"));
        Assert.Equal(["default"], config.Texts("users"));
    }

    [Theory]
    [InlineData("ssh_authorized_keys: [ssh-ed25519 AAAA]")]
    [InlineData("ssh_import_id: [gh:jane]")]
    [InlineData("password: x\nchpasswd: {expire: false}")]
    [InlineData("users: [default, bob]")]
    public void It_stays_that_beside_a_callers_keys_that_mean_the_default_user(string theirs)
    {
        var config = Config(Small with { UserData = "#cloud-config\n" + theirs });

        Assert.Equal("debian", config.Text("user", "name"));
        Assert.True(config.Has(theirs.Split(':')[0]));
        Assert.Contains("default", ((YamlSequenceNode)config.At("users")).OfType<YamlScalarNode>().Select(user => user.Value));
    }

    // cloud-init makes its default user last, so that another one would have uid 1000.
    [Fact]
    public void It_is_made_before_all_others_with_its_keys_and_sudo_rule()
    {
        var command = Config(Small with { Users = [new VmUser("app", [], Sudo: false, "/bin/sh", [])], BootCommands = ["echo boot"] }).Texts("bootcmd", 0);

        Assert.Equal(["cloud-init-per", "instance", "first-user", "sh", "-c"], command[..5]);
        Assert.Equal(["sh", "debian", "/bin/bash", UserOptions.FullSudo, Key], command[6..]);
    }

    [Fact]
    public void A_user_may_have_the_name_of_a_group_be_it_the_images_or_another_users()
    {
        var config = Config(Small with { User = "operator", Users = [new VmUser("app", ["app", "ops"], Sudo: false, "/bin/sh", []), new VmUser("ops", [], Sudo: false, "/bin/sh", [])] });

        foreach (var user in ((YamlSequenceNode)config.At("users")).Skip(1).Prepend(config.At("user")))
        {
            Assert.Equal(user.Text("name"), user.Text("primary_group"));
            Assert.Equal(user.Text("name"), user.Texts("groups")[0]);
            Assert.Equal(user.Texts("groups").Distinct(), user.Texts("groups"));
        }
        Assert.Contains("getent group", config.Texts("bootcmd", 0)[5], StringComparison.Ordinal);
    }

    [Fact]
    public void Files_below_a_home_are_written_once_it_is_there_and_directories_in_it_belong_to_its_user()
    {
        var files = Config(Small with { Files = [new VmFile("/home/app/.config/a/b", ""), new VmFile("/home/list", ""), new VmFile("/homes/app/x", "")], Users = [new VmUser("app", [], Sudo: false, "/bin/sh", [])] }).At("write_files");

        Assert.Equal("true", files.Plain(0, "defer"));
        Assert.False(files.At(1).Has("defer") || files.At(2).Has("defer"));
        Assert.Equal(["within '/home/app' '/home/app/.config'", "within '/home/app' '/home/app/.config/a'", "rm -f \"$0\""], Calls(files.At(3)));
        Assert.Equal("0700", files.Text(3, "permissions"));
    }

    [Theory]
    [InlineData("/home/app", "home 'debian'", "home 'app'")]
    [InlineData("/home", "home 'debian'", "home 'app'")]
    [InlineData("/home/app/data/inner", "home 'debian'", "home 'app'", "within '/home/app' '/home/app/data'", "within '/home/app' '/home/app/data/inner'")]
    public void A_home_that_a_disk_is_mounted_on_or_in_gets_skeleton_and_owner(string mountPoint, params string[] calls)
    {
        var config = Config(Small with { Disks = [new VmDisk("home", 1, mountPoint)], Users = [new VmUser("app", [], Sudo: false, "/bin/sh", [])] });
        Assert.Equal([.. calls, "rm -f \"$0\""], Calls(config.At("write_files", 0)));
    }

    [Fact]
    public void Directories_made_for_a_file_of_an_owner_are_that_owners_where_nothing_else_is_in_them()
    {
        var config = Config(Small with { Files = [new VmFile("/srv/it's/a", "", "app:crew"), new VmFile("/srv/it's/b", ""), new VmFile("/opt/x", "", "root:adm")], Disks = [new VmDisk("d", 1, "/srv/it/d")] });

        Assert.Equal(["made '/srv' 'app:crew' 2", "made '/srv/it'\\''s' 'app:crew' 2", "rm -f \"$0\""], Calls(config.At("write_files", 3)));
        // Only what was not there before.
        Assert.Equal(["sh", "/srv", "/srv/it's"], config.Texts("bootcmd", 1)[6..]);
        Assert.Equal("absent-directories", config.Texts("bootcmd", 1)[2]);
    }

    [Fact]
    public void A_callers_files_below_a_mount_point_or_home_wait_for_it_too()
    {
        const string Theirs = """
            #cloud-config
            users: [{name: bob, homedir: /srv/bob}]
            mounts: [[/dev/sdx, /mnt/theirs], [swap, none]]
            # A comment.
            write_files:
            - &one {path: /data/a, content: "0644", permissions: '0600', owner: bob}
            - {path: /home/bob/x}
            - path: /srv/bob/y
              content: |
                yes
                  no
            - {path: /data/now, defer: false}
            - {path: /etc/z, content: 0644}
            - {path: /mnt/theirs/x}
            """;
        var parts = MergedUserData.Parts(Seed(Small with { UserData = Theirs, Disks = [new VmDisk("data", 1, "/data")] }));
        var files = ParsedUserData.Root(parts[0].Body).At("write_files");

        Assert.StartsWith("#cloud-config\n", parts[0].Body, StringComparison.Ordinal);
        Assert.All([0, 1, 2, 5], (int index) => Assert.Equal("true", files.Plain(index, "defer")));
        Assert.Equal("false", files.Plain(3, "defer"));
        Assert.False(files.At(4).Has("defer"));
        Assert.Equal(("0644", "0600", "yes\n  no\n", "0644"), (files.Text(0, "content"), files.Text(0, "permissions"), files.Text(2, "content"), files.Plain(4, "content")));
    }

    [Fact]
    public void A_callers_other_files_do_not_wait()
    {
        const string Theirs = "#cloud-config\nwrite_files:\n  - path:   /etc/a # here\n    content: >\n      x\n\n";
        var files = ParsedUserData.Root(MergedUserData.Parts(Seed(Small with { UserData = Theirs, Disks = [new VmDisk("data", 1, "/data")] }))[0].Body).At("write_files");

        Assert.Equal(("/etc/a", "x\n"), (files.Text(0, "path"), files.Text(0, "content")));
        Assert.False(files.At(0).Has("defer"));
    }

    [Fact]
    public async Task The_scripts_are_scripts_of_sh()
    {
        var config = Config(Small with { Disks = [new VmDisk("home", 1, "/home/app")], Files = [new VmFile("/srv/a b/c", "", "app")] });
        var scripts = new[] { config.Text("write_files", 1, "content") }.Concat(((YamlSequenceNode)config.At("bootcmd")).Select(command => command.Text(5)));
        foreach (var script in scripts)
        {
            var result = await new ProcessRunner(TimeProvider.System).RunAsync(new ProcessCommand("sh", "-n", "/dev/stdin") { Input = script }, TestContext.Current.CancellationToken);
            Assert.True(result.Succeeded, result.Evidence);
        }
    }

    [Fact]
    public void A_file_of_hosts_has_the_hosts_added_to_it()
    {
        var files = Config(Small with { Files = [new VmFile("/etc/hosts", "127.0.0.1 localhost\n")], Hosts = [new VmHost("192.0.2.9", ["db"])] }).At("write_files");
        Assert.Equal(["/etc/hosts", "/etc/hosts"], ((YamlSequenceNode)files).Select(file => file.Text("path")));
        Assert.True(files.At(1).Has("append"));
    }

    private static string[] Calls(YamlNode file)
    {
        Assert.Equal(Script, file.Text("path"));
        return file.Text("content").Split("\n\n")[^1].TrimEnd('\n').Split('\n');
    }

    private static YamlMappingNode Config(VmSpec spec) => MergedUserData.Root(Seed(spec)).WithoutVerification();

    private static string Seed(VmSpec spec) => UserData.Seed(
        new Vm { Id = Guid.NewGuid(), Spec = spec, State = VmState.Provisioning, CreatedAt = DateTimeOffset.UnixEpoch, Mac = "52:54:00:00:00:00" },
        new SshKeyPair("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost host"), [Key], [null]).UserData;
}
