using System.IO.Compression;
using System.Text;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

/// <summary>User-data in base64, or as a gzip file in base64: cloud-init unpacks neither from a seed image.</summary>
public class PackedUserDataTests
{
    private const string Config = "#cloud-config\nruncmd: [[echo, grüße]]\n";

    [Theory]
    [InlineData(Config)]
    [InlineData("#!/bin/sh\necho\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=a\nMIME-Version: 1.0\n\n--a--\n")]
    public void It_comes_out_whole_whatever_line_length_it_is_written_in(string text)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, Unpack(base64));
        Assert.Equal(text, Unpack(string.Join("\r\n", base64.Chunk(8).Select(line => new string(line))) + "\n"));
        Assert.Equal(text, Unpack(Gzip(text)));
    }

    [Theory]
    [InlineData(Config)]
    [InlineData("#!/bin/sh")]
    [InlineData("echo")]
    [InlineData("abcd")]
    [InlineData("/////w==")]
    [InlineData("")]
    public void What_is_not_packed_stays_as_it_is(string text) => Assert.Equal(text, Unpack(text));

    [Fact]
    public void A_damaged_file_is_refused()
    {
        var whole = Convert.FromBase64String(Gzip(Config));
        foreach (var bytes in new[] { whole[..^1], whole[..^8], whole[..12], [.. whole[..20], 0xFF, 0xFF, .. whole[22..]] })
            Assert.Contains("damaged", Assert.Throws<ArgumentException>(() => Unpack(Convert.ToBase64String(bytes))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_large_once_unpacked_is_not_unpacked() =>
        Assert.Equal(InputLimitException.TooLarge, Assert.Throws<InputLimitException>(() => Unpack(Gzip("#!/bin/sh\n" + new string('a', 100 * InputLimits.MostTextBytes)))).Code);

    [Fact]
    public void A_file_of_no_text_is_refused()
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Optimal))
            gzip.Write([0xFF, 0xFE]);
        Assert.Contains("UTF-8", Assert.Throws<ArgumentException>(() => Unpack(Convert.ToBase64String(result.ToArray()))).Message, StringComparison.Ordinal);
    }

    private static string Unpack(string text) => PackedUserData.Unpack(text, TestContext.Current.CancellationToken);

    private static string Gzip(string text)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return Convert.ToBase64String(result.ToArray());
    }
}
