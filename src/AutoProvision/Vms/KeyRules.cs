using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using AutoProvision.CloudInit;

namespace AutoProvision.Vms;

/// <summary>Lines of authorized_keys: sshd passes over one that it does not understand, so that its owner would stand outside.</summary>
internal static partial class KeyRules
{
    private const string Hint = "Such as \"ssh-ed25519 AAAA... me@here\", with options before it where they are wanted.";

    // sshd(8), AUTHORIZED_KEYS FILE FORMAT, as of OpenSSH 10; in any case of letters.
    private static readonly HashSet<string> Switches = new(StringComparer.OrdinalIgnoreCase)
    {
        "agent-forwarding", "cert-authority", "no-agent-forwarding", "no-port-forwarding", "no-pty", "no-user-rc", "no-X11-forwarding", "port-forwarding",
        "pty", "no-touch-required", "verify-required", "restrict", "user-rc", "X11-forwarding",
    };

    private static readonly HashSet<string> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        "command", "environment", "expiry-time", "from", "permitlisten", "permitopen", "principals", "tunnel",
    };

    /// <summary>The lines without what a file or an editor put around them.</summary>
    public static IReadOnlyList<string> Complete(string pointer, IReadOnlyList<string>? requested, FaultList faults)
    {
        // The line end of a .pub file, of Windows' editors too, with their byte order mark.
        string[] keys = [.. faults.Within(pointer, requested, ListLimits.AuthorizedKeys).Select(key => key.Trim().Trim('\uFEFF').Trim())];
        foreach (var (index, key) in keys.Index())
            Check($"{pointer}/{index}", key, faults);
        return keys;
    }

    private static void Check(string pointer, string key, FaultList faults)
    {
        // Of a private key nothing is quoted.
        if (OtherFile().IsMatch(key))
            faults.Add(pointer, "key_invalid", "The key is not the one line of an OpenSSH public key, but another kind of key file.", "Send the line of the .pub file; ssh-keygen -y -f FILE prints it for a private key, ssh-keygen -i -f FILE for an SSH2 public key.");
        else if (key.Contains('\n') || key.Contains('\r'))
            faults.Add(pointer, "key_invalid", "The key has several lines.", "Send each line of an authorized_keys file as an item of its own, without comments and blank lines.");
        else if (Line().Match(key) is { Success: true } line)
            CheckParts(pointer, key, line, faults);
        else
        {
            faults.Check(pointer, "key_invalid", Hint, () => CloudInitRules.Line(key, "Key"));
            faults.Add(pointer, "key_invalid", $"\"{key}\" is not an OpenSSH public key line.", Hint);
        }
    }

    private static void CheckParts(string pointer, string key, Match line, FaultList faults)
    {
        faults.Check(pointer, "key_invalid", Hint, () => CloudInitRules.Line(key, "Key"));
        var unknown = line.Groups["option"].Captures.Select(option => option.Value.Split('=', 2)).FirstOrDefault(option => !(option.Length == 1 ? Switches : Settings).Contains(option[0]));
        if (unknown is not null)
            faults.Add(pointer, "key_invalid", $"sshd knows no option \"{unknown[0]}\" {(unknown.Length == 1 ? "without" : "with")} a value, and would pass over the line.", "See AUTHORIZED_KEYS FILE FORMAT in sshd(8).");
        else if (!IsWhole(line.Groups["type"].Value, line.Groups["blob"].Value))
            faults.Add(pointer, "key_invalid", $"\"{key}\" is cut off or garbled: its text is not a key of the type {line.Groups["type"].Value}.", "Copy the whole line of the .pub file.");
    }

    // Fields with their lengths before them, the first one the key's type (RFC 4253, section 6.6); sshd passes over any other line.
    private static bool IsWhole(string type, string base64)
    {
        var blob = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, blob, out var length))
            return false;
        var fields = new List<byte[]>();
        for (ReadOnlySpan<byte> rest = blob.AsSpan(0, length); !rest.IsEmpty;)
        {
            if (rest.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(rest) is var size && size > rest.Length - 4)
                return false;
            fields.Add(rest.Slice(4, (int)size).ToArray());
            rest = rest[(4 + (int)size)..];
        }
        return fields.Count == FieldsOf(type) && Encoding.ASCII.GetString(fields[0]) == type && fields.All(field => field.Length > 0);
    }

    // RFC 4253 (rsa: e, n), RFC 8709 (the key), RFC 5656 (curve, point) and, of hardware keys, OpenSSH's PROTOCOL.u2f (an application more).
    private static int FieldsOf(string type) => type switch
    {
        "ssh-ed25519" => 2,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 4,
        _ => 3,
    };

    // A quote within an option's quotes has a backslash before it (opt_dequote in OpenSSH's auth2-pubkeyfile.c; _extract_options in cloudinit/ssh_util.py).
    [GeneratedRegex("""\A((?<option>[A-Za-z0-9-]+(="(\\"|[^"\\]|\\(?!"))*")?)(,(?<option>[A-Za-z0-9-]+(="(\\"|[^"\\]|\\(?!"))*")?))* +)?(?<type>ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) +(?<blob>AAAA[A-Za-z0-9+/]+={0,3})( [^\p{C}]*)?\z""")]
    private static partial Regex Line();

    [GeneratedRegex(@"\A(-----BEGIN |---- BEGIN |PuTTY-User-Key-File)")]
    private static partial Regex OtherFile();
}
