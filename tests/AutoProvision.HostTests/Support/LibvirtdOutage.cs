using AutoProvision.Http;

namespace AutoProvision.HostTests.Support;

/// <summary>libvirtd, killed (SIGKILL) until this ends. It is the whole host's: nothing else may need it meanwhile.</summary>
internal sealed class LibvirtdOutage : IAsyncDisposable
{
    private static readonly string Script = Path.Combine(Repository.Root, "tests/libvirtd");
    private bool _over;

    public static async Task<LibvirtdOutage> BeginAsync()
    {
        await Tool.OutputAsync(Script, "kill");
        return new LibvirtdOutage();
    }

    /// <summary>Starts libvirtd again and waits until it answers.</summary>
    public async Task EndAsync()
    {
        _over = true;
        await Tool.OutputAsync(Script, "start");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_over)
            await EndAsync();
    }
}
