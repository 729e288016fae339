using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace AutoProvision.Ssh;

/// <summary>An Ed25519 key pair in OpenSSH's own text forms; user keys and host keys alike. Made in process, without a passphrase.</summary>
/// <param name="PrivateOpenSsh">The private key between <c>OPENSSH PRIVATE KEY</c> armour lines, as <c>ssh-keygen</c> writes it, with a newline at its end.</param>
/// <param name="PublicOpenSsh">One line, <c>ssh-ed25519 AAAA... comment</c>, without a newline.</param>
public sealed record SshKeyPair(string PrivateOpenSsh, string PublicOpenSsh)
{
    /// <summary><c>SHA256:...</c>, as <c>ssh-keygen -l</c> prints it.</summary>
    public string Fingerprint => SshPublicKey.Fingerprint(PublicOpenSsh);

    /// <exception cref="ArgumentException">The comment holds a control character: it would break the key's one line.</exception>
    public static SshKeyPair Generate(string comment)
    {
        if (comment.Any(char.IsControl))
            throw new ArgumentException("A key's comment is one line of printable text.", nameof(comment));
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        var pair = generator.GenerateKeyPair();
        var seed = ((Ed25519PrivateKeyParameters)pair.Private).GetEncoded();
        var point = ((Ed25519PublicKeyParameters)pair.Public).GetEncoded();
        return new SshKeyPair(
            OpenSshKeyFormat.PrivateKey(seed, point, comment),
            $"{SshPublicKey.Algorithm} {Convert.ToBase64String(OpenSshKeyFormat.PublicBlob(point))} {comment}".TrimEnd());
    }

    /// <summary>The fingerprint alone: a record that reaches a log must not carry the private key there.</summary>
    public override string ToString() => $"{nameof(SshKeyPair)} {Fingerprint}";
}
