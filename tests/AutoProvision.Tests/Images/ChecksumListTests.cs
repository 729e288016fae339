using AutoProvision.Images.Downloads;

namespace AutoProvision.Images;

public sealed class ChecksumListTests
{
    private static readonly string A256 = new('a', 64);
    private static readonly string B256 = new('b', 64);
    private static readonly string C512 = new('c', 128);

    public static TheoryData<string, string?> Lists => new()
    {
        { $"{B256}  other.img\n{A256}  x.img\n", A256 },
        { $"{B256} *other.img\r\n{A256} *x.img\r\n", A256 },
        { $"{A256}  ./x.img", A256 },
        { $"{A256.ToUpperInvariant()}  x.img", A256 },
        { $"{C512}  x.img\n", C512 },
        { $"{A256}  x.img\n{C512}  x.img\n", C512 },
        { Fedora, A256 },
        { $"SHA512 (x.img) = {C512}", C512 },
        { A256 + "\n", A256 },
        { $"{A256}  x.img.old\n{B256}  old/x.img\n", null },
        { $"{A256[..63]}  x.img", null },
        { $"{new string('d', 32)}  x.img", null },
        { $"{A256}\n{B256}\n", null },
        { "<html>x.img</html>", null },
        { "", null },
    };

    private static string Fedora => $"""
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        # other.img: 1 bytes
        SHA256 (other.img) = {B256}
        # x.img: 2 bytes
        SHA256 (x.img) = {A256}
        -----BEGIN PGP SIGNATURE-----

        iQIzBAEBCAAdFiEE
        -----END PGP SIGNATURE-----
        """;

    [Theory]
    [MemberData(nameof(Lists))]
    public void The_line_of_the_file_is_found(string text, string? hex) => Assert.Equal(hex, ChecksumList.Find(text, "x.img")?.Hex);
}
