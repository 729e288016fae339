using System.Text;

namespace AutoProvision.Ssh;

public class SshKeyPairTests
{
    [Fact]
    public void Has_the_armour_and_line_length_of_OpenSSH()
    {
        var lines = SshKeyPair.Generate("vm").PrivateOpenSsh.Split('\n');
        Assert.Equal("-----BEGIN OPENSSH PRIVATE KEY-----", lines[0]);
        Assert.Equal(["-----END OPENSSH PRIVATE KEY-----", ""], lines[^2..]);
        Assert.All(lines[1..^3], line => Assert.Equal(70, line.Length));
    }

    [Fact]
    public void Each_is_another_one() => Assert.NotEqual(SshKeyPair.Generate("").Fingerprint, SshKeyPair.Generate("").Fingerprint);

    [Fact]
    public void Its_text_is_the_fingerprint_alone()
    {
        var pair = SshKeyPair.Generate("vm");
        Assert.Equal($"SshKeyPair {pair.Fingerprint}", pair.ToString());
        Assert.Equal("u@h:22", new SshTarget("h", 22, "u", pair.PublicOpenSsh, pair.PrivateOpenSsh).ToString());
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("null\0")]
    public void A_comment_is_one_line(string comment) => Assert.Throws<ArgumentException>(() => SshKeyPair.Generate(comment));

    [Fact]
    public void The_public_line_holds_algorithm_key_and_comment()
    {
        var words = SshKeyPair.Generate("a comment").PublicOpenSsh.Split(' ', 3);
        Assert.Equal(("ssh-ed25519", "a comment"), (words[0], words[2]));
        Assert.Equal("\0\0\0\u000bssh-ed25519\0\0\0 ", Encoding.Latin1.GetString(Convert.FromBase64String(words[1])[..19]));
    }

    [Theory]
    [InlineData(22, "10.0.0.5 ssh-ed25519 AAAA")]
    [InlineData(2222, "[10.0.0.5]:2222 ssh-ed25519 AAAA")]
    public void A_known_hosts_line_names_the_port_where_it_is_not_22(int port, string line) =>
        Assert.Equal(line, SshPublicKey.KnownHostsLine("10.0.0.5", port, "ssh-ed25519 AAAA comment"));

    [Fact]
    public void A_line_without_a_key_is_no_public_key() => Assert.Throws<FormatException>(() => SshPublicKey.Blob("ssh-ed25519"));
}
