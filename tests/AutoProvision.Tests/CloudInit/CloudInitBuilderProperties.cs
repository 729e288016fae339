using System.Text;
using FsCheck.Xunit;

namespace AutoProvision.CloudInit;

/// <summary>Every field, given anything: it comes back exactly, or it is refused.</summary>
[Properties(Arbitrary = [typeof(GuestText), typeof(AnyText)], MaxTest = 300)]
public class CloudInitBuilderProperties
{
    [Theory]
    [MemberData(nameof(HostileText.Theory), MemberType = typeof(HostileText))]
    public void Known_traps_come_back_from_commands_and_files(string text) => CommandsAndFiles(text);

    [Property]
    public void Any_text_comes_back_from_commands_and_files(GuestText text) => CommandsAndFiles(text.Value);

    [Property]
    public void One_line_fields_give_back_what_they_take(AnyText text)
    {
        Same(text.Value, value => new CloudInitBuilder().AddPackages(value), "packages", 0);
        Same(text.Value, value => new CloudInitBuilder().AddUser("a", [], new UserOptions { Sudo = value }), "users", 0, "sudo");
        Same("/" + text.Value, value => new CloudInitBuilder().AddUser("a", [], new UserOptions { Shell = value }), "users", 0, "shell");
        Same("/" + text.Value, value => new CloudInitBuilder().AddFile(value, ""), "write_files", 0, "path");
        Same(text.Value.Trim(), value => new CloudInitBuilder().AddUser("a", [value]), "users", 0, "ssh_authorized_keys", 0);
        Same(text.Value, value => new CloudInitBuilder().AddCommand(value), "runcmd", 0, 0);
    }

    [Property]
    public void Names_modes_and_addresses_give_back_what_they_take(AnyText text)
    {
        Same(text.Value, value => new CloudInitBuilder().Hostname(value), "hostname");
        Same(text.Value, value => new CloudInitBuilder().Hostname("a", value), "fqdn");
        Same(text.Value, value => new CloudInitBuilder().AddUser(value, []), "users", 0, "name");
        Same(text.Value, value => new CloudInitBuilder().AddUser("a", [], new UserOptions { Groups = [value] }), "users", 0, "groups", text.Value == "a" ? 0 : 1);
        Same(text.Value, value => new CloudInitBuilder().AddFile("/a", "", value), "write_files", 0, "permissions");
        Same(text.Value, value => new CloudInitBuilder().AddFile("/a", "", owner: value), "write_files", 0, "owner");
    }

    [Property]
    public void Anything_is_written_or_refused_everywhere_else(AnyText text)
    {
        Same(text.Value, value => new CloudInitBuilder().AddCommand("echo", value), "runcmd", 0, 1);
        Same(text.Value, value => new CloudInitBuilder().AddShellCommand(value), "runcmd", 0);
        Same(text.Value, value => new CloudInitBuilder().AddBootCommand("echo", value), "bootcmd", 0, 1);
        if (Accepted(() => new MetaData(text.Value, "a")) is { } meta)
            Assert.Equal(text.Value, ParsedUserData.Root(meta.BuildYaml()).Text("instance-id"));
        if (Accepted(() => new CloudInitBuilder().AddHost("::1", text.Value)) is { } hosts)
            Assert.EndsWith($"\n::1 {text.Value}\n", hosts.Parse().Text("write_files", 0, "content"), StringComparison.Ordinal);
        Accepted(() => NetworkConfig.Parse(text.Value));
    }

    [Property]
    public void Bytes_come_back(byte[] content) =>
        Assert.Equal(content, Convert.FromBase64String(new CloudInitBuilder().AddFile("/a", content).Parse().Text("write_files", 0, "content")));

    private static void CommandsAndFiles(string text)
    {
        var builder = new CloudInitBuilder().AddCommand("echo", text).AddShellCommand(text).AddBootCommand("echo", text).AddFile("/a", text);
        var config = builder.Parse();

        Assert.Equal(["echo", text], config.Texts("runcmd", 0));
        Assert.Equal(text, config.Text("runcmd", 1));
        Assert.Equal(["echo", text], config.Texts("bootcmd", 0));
        var file = config.At("write_files", 0);
        Assert.Equal(text, file.Has("encoding") ? Encoding.UTF8.GetString(Convert.FromBase64String(file.Text("content"))) : file.Text("content"));
        Assert.StartsWith("#cloud-config\n", builder.BuildYaml(), StringComparison.Ordinal);
        Assert.DoesNotContain("mime-version:", builder.BuildYaml(), StringComparison.OrdinalIgnoreCase);
    }

    private static void Same(string value, Func<string, CloudInitBuilder> use, params object[] path)
    {
        if (Accepted(() => use(value)) is { } builder)
            Assert.Equal(value, builder.Parse().Text(path));
    }

    private static T? Accepted<T>(Func<T> use) where T : class
    {
        try
        {
            return use();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
