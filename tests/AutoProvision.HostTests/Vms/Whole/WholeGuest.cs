using System.Globalization;
using System.Net;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.Fakes;
using AutoProvision.HostTests.Hypervisors;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>One guest made of <see cref="WholeSpec"/>, for all tests of it: a boot takes a minute or two under emulation.</summary>
public sealed class WholeGuest : IAsyncLifetime
{
    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("autoprovision-whole-");

    /// <summary>The service that made it, which uses <see cref="Agent"/>.</summary>
    public HostApp App { get; private set; } = null!;

    /// <summary>An ssh-agent that held one key before the guest was made.</summary>
    internal OwnAgent Agent { get; private set; } = null!;

    /// <summary>The public line of the key that <see cref="Agent"/> held before.</summary>
    public string Identity { get; private set; } = "";

    /// <summary>The network of its third NIC.</summary>
    internal OwnNetwork Lan { get; private set; } = null!;

    /// <summary>File of somebody's own private key, which its users are to let in.</summary>
    public string Key => System.IO.Path.Combine(_keys.FullName, "somebody");

    public HttpClient Http { get; private set; } = null!;

    /// <summary>What was on the host before it.</summary>
    public IReadOnlyList<string> Before { get; private set; } = [];

    public Guid Id { get; private set; }

    /// <summary>The VM's path.</summary>
    public string Path => $"/vms/{Id}";

    public async ValueTask InitializeAsync()
    {
        Agent = await OwnAgent.StartAsync();
        Identity = await Agent.AddIdentityAsync();
        App = new HostApp(new() { ["Ssh:UseAgent"] = "true", ["Ssh:AgentSocket"] = Agent.Socket });
        // A client that follows redirects keeps every body in memory first, to be able to send it again.
        App.ClientOptions.AllowAutoRedirect = false;
        Http = App.CreateClient();
        // Each test has a deadline of its own.
        Http.Timeout = Timeout.InfiniteTimeSpan;
        Lan = await OwnNetwork.StartAsync();
        Before = await HostSnapshot.TakeAsync(App);
        await Tool.OutputAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Key);
        // Until its first boot is over: nothing asks for packages later.
        await using var repository = await AptRepository.StartAsync();
        using var answer = await Http.PostTextAsync("/vms", WholeSpec.Yaml(repository.Source, Lan.Name, (await File.ReadAllTextAsync(Key + ".pub")).Trim()), "application/yaml");
        Id = await AcceptedAsync(answer);
        var vm = await App.WaitUntilMadeAsync(Id);
        Assert.True(vm.State == VmState.Ready, JsonSerializer.Serialize(vm));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Http.Dispose();
            await App.DisposeAsync();
        }
        finally
        {
            await Agent.DisposeAsync();
            _keys.Delete(recursive: true);
            await Lan.DisposeAsync();
        }
    }

    /// <summary>Takes the VM that was answered with among those that must leave nothing.</summary>
    public async Task<Guid> AcceptedAsync(HttpResponseMessage answer)
    {
        var vm = (await answer.ReadJsonAsync(HttpStatusCode.Accepted)).Deserialize<VmResource>(HostApp.Json)!;
        foreach (var nic in vm.Nics)
            App.Expect(nic.Mac);
        return vm.Id;
    }

    /// <summary>Standard output of a line that must succeed, without its last line break.</summary>
    public Task<string> SayAsync(string shell) => SayAsync(Id, shell);

    public async Task<string> SayAsync(Guid id, string shell)
    {
        var answer = await App.ExecAsync(id, shell);
        Assert.True(answer.ExitCode == 0, $"{shell}: {answer.ExitCode} {answer.Stdout} {answer.Stderr}");
        return answer.Stdout.TrimEnd('\n');
    }

    /// <summary>Sets the guest's clock back, far enough to be told from a slow answer.</summary>
    public Task SetBackAsync() => SayAsync("sudo date -s '-2 hours'");

    /// <summary>The guest's clock is the host's, but for what an answer takes.</summary>
    public async Task HasTheTimeAsync(string after)
    {
        var asked = DateTimeOffset.UtcNow;
        var there = DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(await SayAsync("date +%s.%N"), CultureInfo.InvariantCulture));
        var answered = DateTimeOffset.UtcNow;
        TestContext.Current.SendDiagnosticMessage($"clock after {after}: {(there - asked).TotalSeconds:0.00} s after it was asked for, {(answered - there).TotalSeconds:0.00} s before it was told");
        Assert.InRange((answered - there).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    /// <summary>Runs an operation to its end; it must not fail.</summary>
    public async Task<VmResource> OperateAsync(HttpMethod method, string path, string body = "")
    {
        using var request = new HttpRequestMessage(method, $"{Path}/{path}");
        request.Headers.Add("Prefer", "wait=600");
        if (body != "")
            request.Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var vm = (await answer.ReadJsonAsync(HttpStatusCode.Accepted)).Deserialize<VmResource>(HostApp.Json)!;
        Assert.True(vm is { Operation: null, OperationFailure: null }, JsonSerializer.Serialize(vm));
        return vm;
    }
}
