using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoProvision.HostTests.Support;

/// <summary>
/// An apt repository with one small package, made here and served to the guests of libvirt's default network at its gateway alone:
/// a guest that is told of no other source needs no mirror.
/// </summary>
internal sealed class AptRepository : IAsyncDisposable
{
    public const string Package = "parcel";
    public const string Version = "1.2-3";

    /// <summary>The package's only file.</summary>
    public const string File = "/usr/share/parcel/contents";
    public const string Contents = "delivered";

    private const string Gateway = "192.168.122.1";
    private const string Control = $"Package: {Package}\nVersion: {Version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n";
    private const string Description = "Description: brings one file\n";
    private readonly WebApplication _app;

    private AptRepository(byte[] package)
    {
        // Bound to an address that guests reach, and so to one only.
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // The service's own settings lie beside the tests, and allow other names only.
        builder.Configuration["AllowedHosts"] = "*";
        builder.WebHost.UseUrls($"http://{Gateway}:0");
        _app = builder.Build();
        _app.MapGet("/Packages", () => Results.Text($"{Control}Filename: ./{Package}.deb\nSize: {package.Length}\nSHA256: {Convert.ToHexStringLower(SHA256.HashData(package))}\n{Description}"));
        _app.MapGet($"/{Package}.deb", () => Results.Bytes(package));
    }

    /// <summary>The line of sources.list that names it; nobody signs it.</summary>
    public string Source => $"deb [trusted=yes] {_app.Urls.Single()} ./";

    public static async Task<AptRepository> StartAsync()
    {
        var repository = new AptRepository(await BuildAsync());
        await repository._app.StartAsync(TestContext.Current.CancellationToken);
        return repository;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<byte[]> BuildAsync()
    {
        var root = Directory.CreateTempSubdirectory("autoprovision-parcel-");
        try
        {
            var (tree, package) = (Path.Combine(root.FullName, "tree"), Path.Combine(root.FullName, "package.deb"));
            await WriteAsync(tree + "/DEBIAN/control", Control + Description);
            await WriteAsync(tree + File, Contents + "\n");
            // Not every dpkg reads what the host's would choose.
            await Tool.OutputAsync("dpkg-deb", "-Zgzip", "--root-owner-group", "--build", tree, package);
            return await System.IO.File.ReadAllBytesAsync(package, TestContext.Current.CancellationToken);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static Task WriteAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return System.IO.File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
    }
}
