using AutoProvision.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.Images;

/// <summary>The store as the service registers it, on a directory of its own that goes away with it.</summary>
internal sealed class ImagesHost : IAsyncDisposable
{
    private readonly DirectoryInfo _root = System.IO.Directory.CreateTempSubdirectory("autoprovision-images-");
    private readonly List<ServiceProvider> _providers = [];

    /// <summary>Settings are given by their key below <c>Images</c>.</summary>
    public ImagesHost(params (string Key, string Value)[] settings)
    {
        System.IO.Directory.CreateDirectory(Scripts);
        Store = Start(settings);
    }

    public ImageStore Store { get; }

    public FakeQemuImg QemuImg { get; } = new();

    public string Directory => Path.Combine(_root.FullName, "images");

    public string Scripts => Path.Combine(_root.FullName, "scripts");

    public string File(string name) => Path.Combine(Directory, name);

    public IReadOnlyList<string> Files => [.. new DirectoryInfo(Directory).GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal)];

    public static ImagesHost For(ImageServer server) => new(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256));

    /// <summary>Another store on the same directory, as a restarted service or another process has it.</summary>
    public ImageStore Start(params (string Key, string Value)[] settings)
    {
        (string, string)[] defaults = [("Directory", Directory), ("ScriptDirectory", Scripts), ("RetryDelay", "00:00:00.001"), ("Retries", "2")];
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Section(defaults)).AddInMemoryCollection(Section(settings)).Build();
        var provider = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IProcessRunner>(QemuImg)
            .AddImages(configuration)
            .BuildServiceProvider(validateScopes: true);
        _providers.Add(provider);
        return provider.GetRequiredService<ImageStore>();
    }

    private static IEnumerable<KeyValuePair<string, string?>> Section((string Key, string Value)[] settings) =>
        settings.Select(s => KeyValuePair.Create($"{ImagesOptions.Section}:{s.Key}", (string?)s.Value));

    /// <summary>
    /// Puts an executable script in place. Another process writes it: a file that this one has open for writing is inherited by
    /// whatever a test beside starts just then, and cannot be executed until that has let go ("text file busy").
    /// </summary>
    public void Script(string name, string text)
    {
        var draft = Path.Combine(_root.FullName, name + ".draft");
        System.IO.File.WriteAllText(draft, text);
        using var install = System.Diagnostics.Process.Start("install", ["-m", "700", draft, Path.Combine(Scripts, name)]);
        install.WaitForExit();
        System.IO.File.Delete(draft);
        Assert.Equal(0, install.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
            await provider.DisposeAsync();
        _root.Delete(recursive: true);
    }
}
