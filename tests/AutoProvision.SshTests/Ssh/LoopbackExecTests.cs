using AutoProvision.Fakes;
using AutoProvision.HostTests.Support;

namespace AutoProvision.Ssh;

/// <summary>exec and terminals over a real sshd on the loopback interface, in a service whose hypervisor is a fake.</summary>
public sealed class LoopbackExecTests(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private const int Limit = 120_000;
    private const string Other = "www-data";
    private readonly FakeHost _host = new();
    private readonly SshConnector _connector = SshdFixture.Connector();
    private AutoProvisionApp _app = null!;
    private HttpClient _http = null!;
    private GuestProofs _guest = null!;

    public async ValueTask InitializeAsync()
    {
        _app = new AutoProvisionApp(_host, []);
        _app.UseKestrel(0);
        _http = _app.CreateClient();
        var vm = await _http.CreateVmAsync();
        await _http.UntilAsync(vm, "ready");
        // What the fake guest was made ready with is given up.
        await _app.Get<SshConnectionPool>().ForgetAsync(vm.Split('/')[^1]);
        _host.Guests.Real = (_connector, sshd.Target);
        _guest = new GuestProofs(_http, vm);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _host.DisposeAsync();
        await _connector.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public Task A_hundred_megabytes_arrive_exactly() => _guest.ManyBytesArriveExactlyAsync();

    [Fact(Timeout = Limit)]
    public Task Bytes_that_are_no_text_arrive() => _guest.BytesThatAreNoTextArriveAsync();

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public Task Variables_directory_user_and_input_are_as_wanted() => _guest.PlaceAndUserAreAsWantedAsync(Other);

    [Fact(Timeout = Limit)]
    public Task Large_input_never_hangs() => _guest.LargeInputNeverHangsAsync();

    [Trait(Needs.Name, Needs.Root)]
    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_the_command_and_its_children() => _guest.ATimeoutEndsItAllAsync(Other);

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task Hanging_up_ends_the_command_and_its_children(bool isStream) => _guest.HangingUpEndsItAsync(isStream);

    /// <summary>As <c>timeout</c> does, and shells with job control.</summary>
    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_children_in_process_groups_of_their_own() => _guest.ATimeoutEndsOtherGroupsTooAsync();

    /// <summary>Its sshd is stopped in the middle: neither the command nor the order to end it is answered.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_guest_that_hangs_holds_nobody_longer_than_the_timeout()
    {
        var seconds = $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
        using var response = await _http.OpenExecAsync(_guest.Vm, $$"""{"shell":"exec sleep {{seconds}}","timeoutSeconds":1}""", TestContext.Current.CancellationToken);
        try
        {
            sshd.SignalConnections("STOP");

            Assert.Equal("exit", await response.ReadExecAsync().Select(item => item.EventType).LastAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            sshd.SignalConnections("KILL");
            HostProcesses.Kill("sleep", seconds);
        }
    }

    [Fact(Timeout = Limit)]
    public Task A_slow_reader_slows_the_command() => _guest.ASlowReaderSlowsTheCommandAsync();

    [Fact(Timeout = Limit)]
    public Task A_terminal_has_its_size_and_tells_its_end() => _guest.ATerminalHasItsSizeAndTellsItsEndAsync();

    [Fact(Timeout = Limit)]
    public Task Leaving_a_terminal_ends_what_runs_in_it() => _guest.LeavingATerminalEndsWhatRunsInItAsync();
}
