using System.Text;
using FsCheck.Xunit;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.CloudInit;

[Properties(Arbitrary = [typeof(GuestText)], MaxTest = 200)]
public class UserDataMessageTests
{
    private const string PrivateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    private const string PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHost host\n";

    [Theory]
    [InlineData("users", "[default, bob]", "default default bob")]
    [InlineData("packages", "[vim]", "git vim")]
    [InlineData("bootcmd", "[exit]", "cloud-init-per ours exit")]
    [InlineData("write_files", "[{path: /a}]", "/ours /a")]
    [InlineData("mounts", "[[/dev/sda, /mnt]]", "/dev/sda /dev/disk/by-id/virtio-data")]
    [InlineData("fs_setup", "[{device: /dev/sda}]", "/dev/sda /dev/disk/by-id/virtio-data")]
    public void Lists_have_both(string key, string theirs, string both) =>
        Assert.Equal(both, string.Join(' ', ((YamlSequenceNode)Merged($"{key}: {theirs}")[key]).Select(Shown)));

    [Theory]
    [InlineData("hostname", "other")]
    [InlineData("ssh_pwauth", "true")]
    [InlineData("ssh_deletekeys", "false")]
    [InlineData("disable_root", "false")]
    [InlineData("ssh_keys", "{ed25519_private: x, rsa_private: y}")]
    [InlineData("package_update", "false")]
    [InlineData("timezone", "UTC")]
    [InlineData("swap", "{size: 5}")]
    public void Everything_else_is_ours_as_if_they_had_said_nothing(string key, string theirs) =>
        Assert.Equal(Shown(Merged("{}")[key]), Shown(Merged($"{key}: {theirs}")[key]));

    [Theory]
    [InlineData("locale", "de_DE.UTF-8")]
    [InlineData("ssh", "{emit_keys_to_console: true}")]
    [InlineData("no_ssh_fingerprints", "false")]
    [InlineData("manage_etc_hosts", "false")]
    [InlineData("package_upgrade", "true")]
    public void What_of_ours_is_a_mere_default_is_theirs(string key, string theirs) =>
        Assert.Equal(Shown(ParsedUserData.Root($"a: {theirs}")["a"]), Shown(Merged($"{key}: {theirs}")[key]));

    [Fact]
    public void Hosts_stay_ours()
    {
        var message = UserDataMessage.Build(CallersUserData.Parse("#cloud-config\nmanage_etc_hosts: true"), Ours().AddHost("192.0.2.1", "db"));
        Assert.Equal("localhost", MergedUserData.Root(message).Text("manage_etc_hosts"));
    }

    [Fact]
    public void Scripts_of_the_caller_come_first_and_as_they_were()
    {
        var script = "#!/bin/sh\r\necho grüße 😀\r\n";
        var parts = MergedUserData.Parts(UserDataMessage.Build(CallersUserData.Parse(script), Ours()));

        Assert.Equal([("text/x-shellscript", "part-001", script)], parts.Take(1));
        Assert.Equal(5, parts.Count);
        Assert.All(parts.Skip(2), part => Assert.StartsWith("#cloud-config\nmerge_how: ", part.Body, StringComparison.Ordinal));
    }

    [Fact]
    public void Cloud_configs_of_the_caller_are_written_again_with_their_names_order_and_way_to_merge()
    {
        var message = UserDataMessage.Build(CallersUserData.Parse(CallersUserDataTests.Mime(
            "Content-Type: text/cloud-config\nMerge-Type: list(append)\nContent-Disposition: attachment; filename=one\n\n# mine\npackages:\t[git]\nmode: 0644\n",
            "Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=two\n\n#!/bin/sh\n# mine\n",
            "Content-Type: text/cloud-config\nContent-Disposition: attachment; filename=three\n\na: \"\\ud83d\\ude00\"\n")), Ours());
        var parts = MergedUserData.Parts(message);

        Assert.Equal(
        [
            ("text/cloud-config", "one", "#cloud-config\n\"packages\":\n- \"git\"\n\"mode\": 0644\n"),
            ("text/x-shellscript", "two", "#!/bin/sh\n# mine\n"),
            ("text/cloud-config", "three", "#cloud-config\n\"a\": \"😀\"\n"),
        ], parts.Take(3));
        Assert.Equal(1, message.Split("\nMerge-Type: list(append)\n").Length - 1);
    }

    [Fact]
    public void The_vms_own_commands_are_a_script_that_the_callers_cannot_end()
    {
        var message = UserDataMessage.Build(CallersUserData.Parse("#cloud-config\nruncmd: [exit]"), Ours().AddCommand("echo", "it's", ""));

        Assert.Contains(("text/x-shellscript", "00-runcommands", "#!/bin/sh\nours\n'echo' 'it'\\''s' ''\n"), MergedUserData.Parts(message));
        Assert.Equal(["exit"], MergedUserData.Root(message).Texts("runcmd"));
        Assert.Throws<ArgumentException>(() => CallersUserData.Parse(CallersUserDataTests.Mime("Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=00-runcommands\n\n#!/bin/sh\n")));
    }

    [Fact]
    public void A_script_of_that_name_that_an_older_version_took_is_run_after_ours()
    {
        var callers = CallersUserData.Reparse(CallersUserDataTests.Mime("Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=00-runcommands\n\n#!/bin/sh\ntheirs\n"));

        var scripts = MergedUserData.Parts(UserDataMessage.Build(callers, Ours())).Where(part => part.Type == "text/x-shellscript").OrderBy(part => part.Name, StringComparer.Ordinal);

        Assert.Equal([("00--runcommands", "#!/bin/sh\nours\n"), ("00-runcommands", "#!/bin/sh\ntheirs\n")], scripts.Select(part => (part.Name!, part.Body)));
    }

    [Property]
    public void Any_text_comes_back(GuestText text)
    {
        var script = "#!/bin/sh\n" + text.Value;
        var message = UserDataMessage.Build(CallersUserData.Parse(script), Ours().AddShellCommand(text.Value));

        Assert.Equal(script, MergedUserData.Parts(message)[0].Body);
        Assert.Equal($"#!/bin/sh\nours\n{text.Value}\n", MergedUserData.Parts(message)[1].Body);
        Assert.True(Ascii.IsValid(message));
    }

    private static YamlMappingNode Merged(string theirs) => MergedUserData.Root(UserDataMessage.Build(CallersUserData.Parse("#cloud-config\n" + theirs), Ours()));

    private static CloudInitBuilder Ours() => new CloudInitBuilder()
        .WithServiceDefaults().Hostname("web").DefaultUser("debian", ["ssh-ed25519 AAAA"]).HostKey(PrivateKey, PublicKey)
        .AddPackages("git").AddFile("/ours", "").AddShellCommand("ours").AddBootCommand("ours")
        .AddDisk("data", "/data", format: true).Swap(1).Timezone("Europe/Berlin");

    private static string Shown(YamlNode node) => node switch
    {
        YamlMappingNode map when map.Has("name") => Shown(map["name"]),
        YamlMappingNode map when map.Has("path") => Shown(map["path"]),
        YamlMappingNode map when map.Has("device") => Shown(map["device"]),
        YamlMappingNode map => string.Join(',', map.Children.Select(entry => $"{Shown(entry.Key)}={Shown(entry.Value)}")),
        YamlSequenceNode list => Shown(list[0]),
        _ => ((YamlScalarNode)node).Value!,
    };
}
