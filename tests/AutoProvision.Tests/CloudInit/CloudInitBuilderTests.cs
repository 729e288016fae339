using System.Text;

namespace AutoProvision.CloudInit;

public class CloudInitBuilderTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB4C8a0x you@example";
    private const string PrivateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----";

    [Fact]
    public void The_example_is_written_in_full()
    {
        var yaml = new CloudInitBuilder().Hostname("x").AddUser("debian", [Key]).AddPackages("git").BuildYaml();

        Assert.Equal($"""
            #cloud-config
            hostname: "x"
            manage_etc_hosts: "localhost"
            package_update: true
            packages:
            - "git"
            users:
            - name: "debian"
              shell: "/bin/bash"
              lock_passwd: true
              sudo: "ALL=(ALL) NOPASSWD:ALL"
              primary_group: "debian"
              groups:
              - "debian"
              ssh_authorized_keys:
              - "{Key}"

            """.ReplaceLineEndings("\n"), yaml);
    }

    [Fact]
    public void Nothing_asked_for_is_an_empty_mapping() =>
        Assert.Equal("#cloud-config\n{}\n", new CloudInitBuilder().BuildYaml());

    [Fact]
    public void Without_packages_the_lists_are_not_refreshed() =>
        Assert.False(new CloudInitBuilder().Hostname("x").AddPackages().Parse().Has("package_update"));

    [Fact]
    public void A_package_named_twice_is_listed_once() =>
        Assert.Equal(["git", "vim"], new CloudInitBuilder().AddPackages("git", "vim").AddPackages("git").Parse().Texts("packages"));

    [Fact]
    public void A_user_can_have_groups_another_shell_and_no_sudo()
    {
        var user = new CloudInitBuilder().AddUser("app", [], new UserOptions { Groups = ["docker", "adm"], Sudo = null, Shell = "/bin/sh" }).Parse().At("users", 0);

        Assert.Equal(["app", "docker", "adm"], user.Texts("groups"));
        Assert.Equal("/bin/sh", user.Text("shell"));
        Assert.Equal("true", user.Plain("lock_passwd"));
        Assert.False(user.Has("sudo"));
        Assert.False(user.Has("ssh_authorized_keys"));
    }

    [Fact]
    public void A_key_loses_the_line_end_of_its_file() =>
        Assert.Equal([Key], new CloudInitBuilder().AddUser("a", [Key + "\n"]).Parse().Texts("users", 0, "ssh_authorized_keys"));

    [Fact]
    public void A_text_file_is_written_as_text_with_its_mode_quoted()
    {
        var file = new CloudInitBuilder().AddFile("/etc/motd", "hello\r\n\tyou\n", "0600").Parse().At("write_files", 0);

        Assert.Equal("/etc/motd", file.Text("path"));
        Assert.Equal("hello\r\n\tyou\n", file.Text("content"));
        Assert.Equal("0600", file.Text("permissions"));
        Assert.Equal("root:root", file.Text("owner"));
        Assert.False(file.Has("encoding"));
        Assert.False(file.Has("defer"));
    }

    [Theory]
    [InlineData("644")]
    [InlineData("0644")]
    [InlineData("01777")]
    public void A_mode_stays_a_string_whatever_a_number_would_be(string mode) =>
        Assert.Equal(mode, new CloudInitBuilder().AddFile("/a", "", mode).Parse().Text("write_files", 0, "permissions"));

    [Fact]
    public void Bytes_and_text_with_control_characters_travel_as_base64()
    {
        byte[] bytes = [0, 255, 13, 10];
        var files = new CloudInitBuilder().AddFile("/a", bytes).AddFile("/b", "NUL \0 bell \a").Parse().At("write_files");

        Assert.Equal("b64", files.Text(0, "encoding"));
        Assert.Equal(bytes, Convert.FromBase64String(files.Text(0, "content")));
        Assert.Equal("NUL \0 bell \a", Encoding.UTF8.GetString(Convert.FromBase64String(files.Text(1, "content"))));
    }

    [Theory]
    [InlineData("debian")]
    [InlineData("debian:debian")]
    [InlineData("root:adm")]
    public void A_file_of_somebody_else_waits_until_that_account_exists(string owner) =>
        Assert.Equal("true", new CloudInitBuilder().AddFile("/home/debian/x", "", owner: owner).Parse().Plain("write_files", 0, "defer"));

    [Fact]
    public void Bits_that_a_change_of_owner_takes_away_are_set_before_the_commands_run()
    {
        var config = new CloudInitBuilder().AddShellCommand("true").AddFile("/a b", "", "4755").AddFile("/c", "", "0755").Parse();

        Assert.Equal("/var/lib/cloud/scripts/per-instance/000-settle", config.Text("write_files", 2, "path"));
        Assert.EndsWith("\n\nchmod 4755 '/a b'\nrm -f \"$0\"\n", config.Text("write_files", 2, "content"), StringComparison.Ordinal);
        Assert.Equal(["true"], config.Texts("runcmd"));
    }

    [Fact]
    public void Commands_keep_their_order_and_form()
    {
        var config = new CloudInitBuilder()
            .AddCommand("touch", "/tmp/a b", "")
            .AddShellCommand("echo $HOME > /tmp/x")
            .AddBootCommand("modprobe", "loop")
            .Parse();

        Assert.Equal(["touch", "/tmp/a b", ""], config.Texts("runcmd", 0));
        Assert.Equal("echo $HOME > /tmp/x", config.Text("runcmd", 1));
        Assert.Equal(["modprobe", "loop"], config.Texts("bootcmd", 0));
    }

    [Fact]
    public void Hosts_are_appended_where_no_boot_rewrites_them()
    {
        var config = new CloudInitBuilder().Hostname("x", "x.example.org").AddHost("10.0.0.2", "db", "db.example.org").AddHost("fe80::1", "gw").Parse();

        Assert.Equal("x.example.org", config.Text("fqdn"));
        Assert.Equal("localhost", config.Text("manage_etc_hosts"));
        Assert.Equal("/etc/hosts", config.Text("write_files", 0, "path"));
        Assert.Equal("true", config.Plain("write_files", 0, "append"));
        Assert.EndsWith("\n10.0.0.2 db db.example.org\nfe80::1 gw\n", config.Text("write_files", 0, "content"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_key_replaces_all_others()
    {
        var config = new CloudInitBuilder().HostKey(PrivateKey.Replace("\n", "\r\n", StringComparison.Ordinal), Key).Parse();

        Assert.Equal(PrivateKey + "\n", config.Text("ssh_keys", "ed25519_private"));
        Assert.Equal(Key + "\n", config.Text("ssh_keys", "ed25519_public"));
        Assert.Equal(["ed25519"], config.Texts("ssh_genkeytypes"));
        Assert.Equal("true", config.Plain("ssh_deletekeys"));
    }

    [Fact]
    public void A_refused_host_key_is_not_quoted()
    {
        var refused = Assert.Throws<ArgumentException>(() => new CloudInitBuilder().HostKey("secret", Key));
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new CloudInitBuilder().HostKey(PrivateKey, "ssh-rsa AAAA"));
    }

    [Fact]
    public void Service_defaults_close_passwords_and_root_and_skip_the_console()
    {
        var config = new CloudInitBuilder().WithServiceDefaults().Parse();

        Assert.Equal("false", config.Plain("ssh_pwauth"));
        Assert.Equal("true", config.Plain("disable_root"));
        Assert.Equal("true", config.Plain("no_ssh_fingerprints"));
        Assert.Equal("false", config.Plain("ssh", "emit_keys_to_console"));
        Assert.Equal("false", config.Text("locale"));
    }

    [Fact]
    public void No_text_makes_cloud_init_take_it_for_a_mime_message()
    {
        var builder = new CloudInitBuilder().AddFile("/mail", "MIME-Version: 1.0\nmime-version:").AddCommand("echo", "\\Mime-Version:");

        Assert.DoesNotContain("mime-version:", builder.BuildYaml(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("MIME-Version: 1.0\nmime-version:", builder.Parse().Text("write_files", 0, "content"));
        Assert.Equal(["echo", "\\Mime-Version:"], builder.Parse().Texts("runcmd", 0));
    }
}
