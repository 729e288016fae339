using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Support;

/// <summary>The service as a process of its own on real libvirt: it can be killed, and started again on what it left.</summary>
internal sealed class HostProcess : IServiceHost, IAsyncDisposable
{
    private static readonly TimeSpan CleanupLimit = TimeSpan.FromMinutes(3);
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-process-");
    private readonly ConcurrentBag<string> _macs = [];
    private readonly Dictionary<string, string> _settings;
    private readonly (string, string)[] _environment;
    private RunningService? _service;

    private HostProcess(Dictionary<string, string> settings, string? path)
    {
        // QEMU runs as a user of its own and has to pass through to the disks.
        File.SetUnixFileMode(_root.FullName, (UnixFileMode)0b111_101_101);
        _environment = path is null ? [] : [("PATH", path)];
        _settings = new Dictionary<string, string>
        {
            ["AutoProvision:DataDirectory"] = DataDirectory,
            ["Libvirt:PoolDirectory"] = PoolDirectory,
        };
        foreach (var (key, value) in settings)
            _settings[key] = value;
    }

    public string DataDirectory => Path.Combine(_root.FullName, "data");

    public string PoolDirectory => Path.Combine(_root.FullName, "pool");

    public IReadOnlyCollection<string> Macs => _macs;

    public string Log => _service?.Log ?? "";

    public HttpClient Http => _service?.Http ?? throw new InvalidOperationException("The service does not run.");

    public int Pid => _service?.Pid ?? throw new InvalidOperationException("The service does not run.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="settings">Settings over the defaults, by their full key.</param>
    /// <param name="path">The process's PATH; null for the tests' own.</param>
    public static async Task<HostProcess> StartAsync(Dictionary<string, string> settings, string? path = null)
    {
        var host = new HostProcess(settings, path);
        await host.StartAgainAsync();
        return host;
    }

    public async Task StartAgainAsync() =>
        _service = await RunningService.StartAsync(RunningService.Program, _settings.Select(setting => (setting.Key, setting.Value)), _environment);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _service!.Kill();
        Assert.Equal(RunningService.Killed, await _service.WaitForExitAsync());
        await _service.DisposeAsync();
        _service = null;
    }

    public Task<HttpResponseMessage> PostAsync(object request) => Http.PostAsJsonAsync("/vms", request, Cancellation);

    public async Task<VmResource> CreateAsync(object request)
    {
        using var answer = await PostAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync(Cancellation));
        var vm = (await answer.Content.ReadFromJsonAsync<VmResource>(HostApp.Json, Cancellation))!;
        _macs.Add(vm.Mac);
        return vm;
    }

    public async Task<VmResource> GetAsync(Guid id) => (await Http.GetFromJsonAsync<VmResource>($"/vms/{id}", HostApp.Json, Cancellation))!;

    /// <summary>Follows the VM's events, from its first one, to the first that fits.</summary>
    public Task<VmEvent> UntilAsync(Guid id, Func<VmEvent, bool> fits) => FollowAsync(id, fits, Cancellation);

    /// <summary>Follows the VM's events until it has come to rest in one of the states.</summary>
    public async Task<VmResource> WaitAsync(Guid id, params VmState[] states)
    {
        await UntilAsync(id, what => what.Type == VmEventType.State && states.Contains(what.State));
        return await GetAsync(id);
    }

    /// <summary>The VM's events from its first one until it has come to rest in one of the states.</summary>
    public async Task<IReadOnlyList<VmEvent>> HistoryUntilAsync(Guid id, params VmState[] states)
    {
        var events = new List<VmEvent>();
        await UntilAsync(id, what =>
        {
            events.Add(what);
            return what.Type == VmEventType.State && states.Contains(what.State);
        });
        return events;
    }

    public Task<VmResource> WaitUntilMadeAsync(Guid id) => WaitAsync(id, VmState.Ready, VmState.Degraded, VmState.Failed);

    public async Task AskToDeleteAsync(Guid id)
    {
        using var answer = await Http.DeleteAsync($"/vms/{id}", Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>Asks for the deletion and waits for its end.</summary>
    public async Task DeleteAsync(Guid id)
    {
        await AskToDeleteAsync(id);
        await WaitAsync(id, VmState.Deleted);
    }

    /// <summary>Leaves nothing on the host even where the test failed half-way.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_service is null)
                await StartAgainAsync();
            using var limit = new CancellationTokenSource(CleanupLimit);
            foreach (var vm in await Http.GetFromJsonAsync<VmResource[]>("/vms", HostApp.Json, limit.Token) ?? [])
            {
                using var answer = await Http.DeleteAsync($"/vms/{vm.Id}", limit.Token);
                await FollowAsync(vm.Id, what => what.State == VmState.Deleted, limit.Token);
            }
            // Asked to, not killed: a tool that hangs just then would outlive it.
            await _service!.StopAsync(CleanupLimit);
        }
        finally
        {
            await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
            _root.Delete(recursive: true);
        }
    }

    private async Task<VmEvent> FollowAsync(Guid id, Func<VmEvent, bool> fits, CancellationToken cancellation)
    {
        await using var stream = await Http.GetStreamAsync($"/vms/{id}/events", cancellation);
        var parser = SseParser.Create(stream, (_, data) => JsonSerializer.Deserialize<VmEvent>(data, HostApp.Json)!);
        await foreach (var item in parser.EnumerateAsync(cancellation))
            if (fits(item.Data))
                return item.Data;
        throw new InvalidOperationException($"The events of VM {id} ended before the one that was waited for.");
    }
}
