using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AutoProvision.HostTests.Support;

/// <summary>The whole service on real libvirt, with directories of its own.</summary>
public sealed class HostApp : WebApplicationFactory<Program>, IServiceHost
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly UnixFileMode Passable = (UnixFileMode)0b111_101_101;
    private readonly ConcurrentBag<string> _macs = [];
    private readonly Dictionary<string, string> _settings;
    private readonly Action<IServiceCollection>? _services;
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-host-test-");

    /// <param name="settings">Settings over the defaults, by their full key.</param>
    /// <param name="services">Replaces parts of the service.</param>
    public HostApp(Dictionary<string, string>? settings = null, Action<IServiceCollection>? services = null)
    {
        // Real HTTP: the framework's test server knows neither Kestrel's limits nor how a caller hangs up.
        UseKestrel();
        // QEMU runs as a user of its own and has to pass through to the disks.
        File.SetUnixFileMode(_root.FullName, Passable);
        _services = services;
        _settings = new Dictionary<string, string>
        {
            // Not as an argument of UseKestrel, which would race with the server's start (dotnet/aspnetcore#67714).
            ["Urls"] = "http://127.0.0.1:0",
            // A busy machine is no fault of the service: only the tests of a deadline set a short one.
            ["Provisioning:Timeouts:Address"] = "00:15:00",
            ["Provisioning:Timeouts:Ssh"] = "00:15:00",
            ["AutoProvision:DataDirectory"] = Path.Combine(_root.FullName, "data"),
            ["Libvirt:PoolDirectory"] = Path.Combine(_root.FullName, "pool"),
            ["Vms:DefaultImage"] = Debian.Image,
            ["Images:Directory"] = Environment.GetEnvironmentVariable("AUTOPROVISION_IMAGE_DIR") ?? "/var/lib/autoprovision/images",
        };
        foreach (var (key, value) in settings ?? [])
            _settings[key] = value;
    }

    public IReadOnlyCollection<string> Macs => _macs;

    /// <summary>Counts a NIC that a test makes by itself among this service's.</summary>
    public void Expect(string mac) => _macs.Add(mac);

    public string DataDirectory => _settings["AutoProvision:DataDirectory"];

    public string PoolDirectory => _settings["Libvirt:PoolDirectory"];

    public Task<HttpResponseMessage> PostAsync(object request) => CreateClient().PostAsJsonAsync("/vms", request, Cancellation);

    public async Task<VmResource> CreateAsync(object request)
    {
        using var answer = await PostAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync(Cancellation));
        var vm = (await answer.Content.ReadFromJsonAsync<VmResource>(Json, Cancellation))!;
        _macs.Add(vm.Mac);
        return vm;
    }

    public async Task<VmResource> GetAsync(Guid id) => (await CreateClient().GetFromJsonAsync<VmResource>($"/vms/{id}", Json, Cancellation))!;

    /// <summary>Follows the VM's events, from its first one, to the first that fits.</summary>
    public async Task<VmEvent> UntilAsync(Guid id, Func<VmEvent, bool> fits)
    {
        await foreach (var what in Services.GetRequiredService<VmService>().Watch(id.ToString(), 0, Cancellation))
            if (fits(what))
                return what;
        throw new InvalidOperationException($"The events of VM {id} ended before the one that was waited for.");
    }

    /// <summary>Follows the VM's events until it has come to rest in one of the states.</summary>
    public async Task<VmResource> WaitAsync(Guid id, params VmState[] states)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromMinutes(20));
        await FollowAsync(id, states, deadline.Token);
        return await GetAsync(id);
    }

    public async Task<VmResource> WaitUntilMadeAsync(Guid id) => await WaitAsync(id, VmState.Ready, VmState.Degraded, VmState.Failed);

    /// <summary>All that has happened to the VM so far.</summary>
    public async Task<IReadOnlyList<VmEvent>> HistoryAsync(Guid id)
    {
        var last = (await GetAsync(id)).Version;
        var events = new List<VmEvent>();
        await foreach (var what in Services.GetRequiredService<VmService>().Watch(id.ToString(), 0, Cancellation))
        {
            events.Add(what);
            if (what.Seq >= last)
                break;
        }
        return events;
    }

    public async Task<ExecAnswer> ExecAsync(Guid id, string shell)
    {
        using var answer = await CreateClient().PostAsJsonAsync($"/vms/{id}/exec", new { shell }, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        return (await answer.Content.ReadFromJsonAsync<ExecAnswer>(Json, Cancellation))!;
    }

    public async Task<HttpStatusCode> AskToDeleteAsync(Guid id)
    {
        using var answer = await CreateClient().DeleteAsync($"/vms/{id}", Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        return answer.StatusCode;
    }

    /// <summary>Asks for the deletion and waits for its end.</summary>
    public async Task DeleteAsync(Guid id)
    {
        await AskToDeleteAsync(id);
        await WaitAsync(id, VmState.Deleted);
    }

    /// <summary>Leaves nothing on the host even where the test failed half-way.</summary>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            // Not the test's own token: after a timeout it is cancelled already, and the guest still there.
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            var service = Services.GetRequiredService<VmService>();
            foreach (var vm in Services.GetRequiredService<VmStore>().List())
                service.Delete(vm.Id.ToString());
            foreach (var vm in Services.GetRequiredService<VmStore>().List())
                await FollowAsync(vm.Id, [VmState.Deleted], deadline.Token);
        }
        finally
        {
            await base.DisposeAsync();
            _root.Delete(recursive: true);
        }
    }

    private async Task FollowAsync(Guid id, VmState[] states, CancellationToken cancellation)
    {
        await foreach (var what in Services.GetRequiredService<VmService>().Watch(id.ToString(), 0, cancellation))
            if (what.Type == VmEventType.State && states.Contains(what.State))
                return;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in _settings)
            builder.UseSetting(key, value);
        if (_services is not null)
            builder.ConfigureServices(_services);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
