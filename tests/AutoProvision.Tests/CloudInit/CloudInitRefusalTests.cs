namespace AutoProvision.CloudInit;

public class CloudInitRefusalTests
{
    private static readonly string[] NoLabels = ["", "-a", "a-", "a.b", "a_b", "a b", "grüße", "a\n", new string('a', 64)];

    public static TheoryData<string> Labels => [.. NoLabels];

    [Theory]
    [MemberData(nameof(Labels))]
    public void A_hostname_is_one_label(string name) => Refused(b => b.Hostname(name), "Hostname");

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a b.c")]
    public void A_full_name_is_labels_and_dots(string fqdn) => Refused(b => b.Hostname("a", fqdn), "FQDN");

    [Fact]
    public void A_full_name_has_253_characters_at_most() =>
        Refused(b => b.Hostname("a", string.Join('.', Enumerable.Repeat("abcdefghi", 26))), "FQDN");

    [Theory]
    [InlineData("")]
    [InlineData("Anna")]
    [InlineData("1a")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData(".a")]
    [InlineData("a\n")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void A_user_name_is_what_useradd_takes(string name)
    {
        Refused(b => b.AddUser(name, []), "User name");
        Refused(b => b.AddUser("a", [], new UserOptions { Groups = [name] }), "Group");
        Refused(b => b.AddFile("/a", "", owner: $"root:{name}"), "File owner");
    }

    [Fact]
    public void A_user_is_added_once() => Refused(b => b.AddUser("a", []).AddUser("a", []), "User name");

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("ssh-ed25519 AAAA\nssh-ed25519 BBBB")]
    [InlineData("ssh-ed25519 AAAA\0")]
    public void A_key_is_one_line(string key) => Refused(b => b.AddUser("a", [key]), "SSH key");

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("--force-yes")]
    [InlineData("git\nvim")]
    [InlineData("git\u2028vim")]
    public void A_package_is_one_line_and_no_option(string name) => Refused(b => b.AddPackages(name), "Package");

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("etc/motd")]
    [InlineData("~/x")]
    [InlineData("/a/../b")]
    [InlineData("/a/./b")]
    [InlineData("/a//b")]
    [InlineData("/a/")]
    [InlineData("/a\0")]
    [InlineData("/a\nb")]
    public void A_path_is_absolute_and_plain(string path)
    {
        Refused(b => b.AddFile(path, ""), "File path");
        Refused(b => b.AddUser("a", [], new UserOptions { Shell = path }), "Shell");
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("/etc/ssh")]
    [InlineData("/usr")]
    [InlineData("/usr/bin")]
    [InlineData("/usr/locale")]
    [InlineData("/lib64")]
    [InlineData("/dev/shm")]
    [InlineData("/var")]
    [InlineData("/var/lib")]
    [InlineData("/var/lib/cloud/data")]
    [InlineData("/var/lib/dpkg")]
    [InlineData("/var/run")]
    [InlineData("/var/lock/x")]
    [InlineData("/tmp")]
    [InlineData("/var/tmp")]
    public void No_disk_is_mounted_over_the_system(string path) =>
        Assert.Contains("system", Assert.Throws<ArgumentException>(() => CloudInitRules.MountPoint(path, "Mount point")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ServiceAccount.Home)]
    [InlineData(ServiceAccount.Home + "/.ssh")]
    public void No_disk_is_mounted_over_the_services_key(string path) =>
        Assert.Contains("account", Assert.Throws<ArgumentException>(() => CloudInitRules.MountPoint(path, "Mount point")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ServiceAccount.Home + "s")]
    [InlineData("/var/lib/autoprovision")]
    [InlineData("/home")]
    [InlineData("/srv/etc")]
    [InlineData("/usr/local")]
    [InlineData("/usr/local/data")]
    [InlineData("/var/lib/docker")]
    [InlineData("/var/log")]
    [InlineData("/tmp/data")]
    [InlineData("/var/runs")]
    [InlineData("/etcetera")]
    [InlineData("/library")]
    public void A_disk_is_mounted_where_data_is(string path) => Assert.Equal(path, CloudInitRules.MountPoint(path, "Mount point"));

    [Theory]
    [InlineData("")]
    [InlineData("64")]
    [InlineData("0648")]
    [InlineData("000644")]
    [InlineData("rw-r--r--")]
    [InlineData("0644\n")]
    [InlineData("-644")]
    public void A_mode_is_three_or_four_octal_digits(string mode) => Refused(b => b.AddFile("/a", "", mode), "File mode");

    [Theory]
    [InlineData("a:b:c")]
    [InlineData("a:")]
    [InlineData(":a")]
    public void An_owner_is_a_user_and_perhaps_a_group(string owner) => Refused(b => b.AddFile("/a", "", owner: owner), "File owner");

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.256")]
    [InlineData("010.0.0.1")]
    [InlineData("0x7f.1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("::1/64")]
    [InlineData("::1 ")]
    [InlineData("10.0.0.1\n")]
    public void An_address_is_an_address(string address) => Refused(b => b.AddHost(address, "a"), "Host address");

    [Fact]
    public void A_host_has_a_name() => Refused(b => b.AddHost("10.0.0.1"), "Host address");

    [Fact]
    public void A_host_name_ends_no_line() => Refused(b => b.AddHost("10.0.0.1", "a\n127.0.0.1 b"), "Host name");

    // Not as attributes: their UTF-8 cannot hold half a pair either.
    public static TheoryData<string> Unholdable => ["a\0b", "a\uD800", "\uDC00a"];

    [Theory]
    [MemberData(nameof(Unholdable), DisableDiscoveryEnumeration = true)]
    public void What_no_guest_can_hold_is_refused_in_commands(string text)
    {
        Refused(b => b.AddCommand("echo", text), "Argument");
        Refused(b => b.AddCommand(text), "Program");
        Refused(b => b.AddBootCommand("echo", text), "Argument");
        Refused(b => b.AddShellCommand(text), "Command");
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_text_for_a_file() => Refused(b => b.AddFile("/a", "\uD800"), "Content of file");

    private static void Refused(Action<CloudInitBuilder> use, string field) =>
        Assert.StartsWith(field, Assert.Throws<ArgumentException>(() => use(new CloudInitBuilder())).Message, StringComparison.Ordinal);
}
