using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using AutoProvision.Api;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>What can be wrong with a body as a whole, and with what it is declared to be.</summary>
internal static class WholeBodies
{
    private static readonly string Tar = MakeTar();

    public static readonly string[] Types =
    [
        "application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/problem+json", "application/merge-patch+json", "application/yaml", "application/x-yaml", "text/yaml", "APPLICATION/YAML",
        "text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "application/octet-stream", "application/x-tar", "*/*", "json", "", ";", "a/b/c", "application/json, text/plain", "\xff", new string('a', 3_000),
    ];

    private static readonly Func<string, Random, string>[] Changes =
    [
        (_, _) => "", (_, _) => " \r\n\t ", (_, _) => "null", (_, _) => "[]", (_, _) => "\"x\"", (_, _) => "{", (_, _) => "\0", (_, _) => "\xff\xfe{\0}\0", (body, _) => $"\xef\xbb\xbf{body}", (body, _) => body + body, (body, _) => body + "x", (body, _) => body.Replace('"', '\''),
        (body, random) => body[..random.Next(body.Length + 1)], (body, random) => Flip(body, random), (body, random) => Flip(body, random), (body, _) => Bytes.Of(Encoding.Unicode.GetBytes(body)),
        (_, random) => Noise(random.Next(2_000), random), (_, random) => Noise(random.Next(100_000), random), (_, _) => Tar, (_, random) => Flip(Tar, random), (_, random) => Tar[..random.Next(Tar.Length)],
        // Around the limit; white space in front of it is valid JSON.
        (body, _) => body.PadLeft(ApiRegistration.MaxBodySize), (body, _) => body.PadLeft(ApiRegistration.MaxBodySize + 1), (_, _) => $"{{\"name\":\"{new string('a', ApiRegistration.MaxBodySize - 11)}\"}}", (_, _) => $"{{\"{new string('k', ApiRegistration.MaxBodySize - 7)}\":1}}",
        (_, _) => $"{{\"labels\":{{{string.Join(',', Enumerable.Range(0, 150_000).Select(at => $"\"k{at}\":\"v{at}\""))}}}}}", (_, _) => $"{{{string.Join(',', Enumerable.Range(0, 200_000).Select(at => $"\"k{at}\":1"))}}}", (_, _) => $"[{new string(' ', ApiRegistration.MaxBodySize - 2)}]",
    ];

    public static string Change(string body, Random random) => Changes[random.Next(Changes.Length)](body, random);

    public static string Zip(string body)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest))
            zip.Write(Bytes.ToArray(body));
        return Bytes.Of(target.ToArray());
    }

    /// <summary>A body that is no text: of a file, or an archive.</summary>
    public static string Binary(string type, Random random) => type == "application/x-tar" ? Tar : Noise(random.Next(20_000), random);

    private static string Flip(string body, Random random)
    {
        var chars = body.ToCharArray();
        for (var times = random.Next(1, 8); times > 0 && chars.Length > 0; times--)
            chars[random.Next(chars.Length)] = (char)random.Next(256);
        return new string(chars);
    }

    private static string Noise(int length, Random random)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return Bytes.Of(bytes);
    }

    private static string MakeTar()
    {
        using var target = new MemoryStream();
        using (var tar = new TarWriter(target, TarEntryFormat.Pax))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "d/"));
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "d/a") { DataStream = new MemoryStream(new byte[700]) });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "d/l") { LinkName = "a" });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "../out"));
        }
        return Bytes.Of(target.ToArray());
    }
}
