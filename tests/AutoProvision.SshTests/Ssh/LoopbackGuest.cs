using AutoProvision.Fakes;
using AutoProvision.HostTests.Support;

namespace AutoProvision.Ssh;

/// <summary>Tests over a real sshd on the loopback interface, in a service whose hypervisor is a fake.</summary>
public abstract class LoopbackGuest(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    protected const int Limit = 120_000;
    private protected const string Other = "www-data";
    private readonly FakeHost _host = new();
    private readonly SshConnector _connector = SshdFixture.Connector();
    private AutoProvisionApp _app = null!;

    protected SshdFixture Sshd => sshd;

    protected HttpClient Http { get; private set; } = null!;

    private protected GuestProofs Guest { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _app = new AutoProvisionApp(_host, []);
        _app.UseKestrel();
        Http = _app.CreateClient();
        var vm = await Http.CreateVmAsync();
        await Http.UntilAsync(vm, "ready");
        // What the fake guest was made ready with is given up.
        await _app.Get<SshConnectionPool>().ForgetAsync(vm.Split('/')[^1]);
        _host.Guests.Real = (_connector, sshd.Target);
        Guest = new GuestProofs(Http, vm);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await _host.DisposeAsync();
        await _connector.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
