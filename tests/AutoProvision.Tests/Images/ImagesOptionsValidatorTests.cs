using AutoProvision.Vms;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

public sealed class ImagesOptionsValidatorTests
{
    private static readonly string Hex64 = new('a', 64);

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        var options = new ImagesOptions
        {
            Directory = "images",
            Retries = -1,
            StallTimeout = TimeSpan.Zero,
            Catalog = new()
            {
                ["Upper"] = new() { Path = "/x" },
                ["none"] = new(),
                ["two"] = new() { Path = "relative", Build = "../evil" },
                ["bare"] = new() { Url = "https://example.org/x.img" },
                ["both"] = new() { Url = "ftp://example.org/x.img", Sha256 = Hex64, Sha512 = "zz" },
                ["plain"] = new() { Url = "http://example.org/", ChecksumUrl = "http://example.org/SUMS" },
                ["stray"] = new() { Path = "/x", Sha256 = "ab", User = "Root!" },
            },
        };

        var faults = new ImagesOptionsValidator().Validate(null, options).Failures!.ToList();

        string[] expected =
        [
            "Images:Directory must be an absolute path", "Images:Retries", "Images:StallTimeout",
            "Upper: the name", "none: give exactly one", "two: give exactly one", "two: Path must be absolute", "two: Build must be the plain name",
            "bare: a Url goes with", "both: a Url goes with", "both: Url must be", "both: Sha512 must be",
            "plain: Url must end in a file name", "plain: ChecksumUrl must be an https",
            "stray: a checksum goes only", "stray: Sha256 must be", "stray: User",
        ];
        Assert.All(expected, part => Assert.Contains(faults, fault => fault.Contains(part, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, faults.Count);
    }

    [Theory]
    [InlineData("-x"), InlineData("a/b"), InlineData(".."), InlineData("a b"), InlineData("a\n"), InlineData("")]
    public void A_name_that_could_leave_the_directory_is_refused(string name)
    {
        var options = new ImagesOptions { Catalog = new() { [name] = new() { Path = "/x" } } };

        Assert.Single(new ImagesOptionsValidator().Validate(null, options).Failures!);
    }

    [Fact]
    public void The_settings_that_come_with_the_service_are_valid()
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();
        var options = settings.GetSection(ImagesOptions.Section).Get<ImagesOptions>()!;

        Assert.Empty(new ImagesOptionsValidator().Validate(null, options).Failures ?? []);
        Assert.Contains("debian-12", options.Catalog.Keys);
    }

    /// <summary>A VM of before names the image that was the default then, so that one stays.</summary>
    [Fact]
    public void The_default_image_is_debian_13_and_each_image_that_is_built_has_its_recipe_beside_the_service()
    {
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();
        var options = settings.GetSection(ImagesOptions.Section).Get<ImagesOptions>()!;
        var built = options.Catalog.Where(image => image.Value.HasBuild).ToDictionary(image => image.Key, image => image.Value.Build!);

        Assert.Equal(["debian-12", "debian-13"], built.Keys.Order());
        Assert.Equal(("debian-13", "debian-13"), (settings["Vms:DefaultImage"], new VmOptions().DefaultImage));
        Assert.All(built.Values, script => Assert.True(File.GetUnixFileMode(Path.Combine(options.ScriptDirectory, script)).HasFlag(UnixFileMode.UserExecute), script));
    }

    [Fact]
    public void A_default_is_taken_away_by_an_empty_string()
    {
        var options = new ImagesOptions { Catalog = new() { ["debian-12"] = new() { Build = "", Path = "/srv/debian.qcow2" } } };

        Assert.True(new ImagesOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void A_faulty_section_stops_the_store_from_being_made()
    {
        using var services = new ServiceCollection().AddLogging().AddImages(new ConfigurationBuilder().Build()).BuildServiceProvider();

        Assert.Throws<OptionsValidationException>(services.GetRequiredService<ImageStore>);
    }
}
