using System.Security.Cryptography;

namespace AutoProvision.Ssh;

/// <summary>Reads public key lines (<c>ssh-ed25519 AAAA... comment</c>) and writes what is made of them.</summary>
public static class SshPublicKey
{
    /// <summary>The one algorithm that this service makes keys of and accepts host keys in.</summary>
    public const string Algorithm = "ssh-ed25519";

    /// <summary>The key's bytes as they go over the wire.</summary>
    /// <exception cref="FormatException">Not a public key line.</exception>
    public static byte[] Blob(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2 ? Convert.FromBase64String(words[1]) : throw new FormatException("Not a public key line.");
    }

    /// <summary><c>SHA256:</c> and unpadded base64, as <c>ssh-keygen -l</c> prints it.</summary>
    public static string Fingerprint(string line) => Fingerprint(Blob(line));

    public static string Fingerprint(byte[] blob) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');

    /// <summary>The line of a <c>known_hosts</c> file for a host; a port other than 22 makes it <c>[host]:port</c> (sshd(8)).</summary>
    public static string KnownHostsLine(string host, int port, string hostKeyPublic)
    {
        var words = hostKeyPublic.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return $"{(port == 22 ? host : $"[{host}]:{port}")} {words[0]} {words[1]}";
    }
}
