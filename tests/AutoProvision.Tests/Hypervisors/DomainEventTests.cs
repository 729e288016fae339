using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>What <c>virsh event</c> prints, and what becomes of it.</summary>
public sealed class DomainEventTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private readonly LibvirtHost _host = new();
    private readonly List<string> _told = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("event 'lifecycle' for domain 'web': Stopped Destroyed", "web")]
    [InlineData("event 'lifecycle' for domain 'web': Shutdown Finished after host request", "web")]
    [InlineData("event 'lifecycle' for domain 'web': Suspended I/O Error", "web")]
    [InlineData("event 'lifecycle' for domain web: Defined Added", "web")]
    [InlineData("event 'lifecycle' for domain 'a 'b' for x: Stopped': Undefined Removed", "a 'b' for x: Stopped")]
    [InlineData("event 'lifecycle' for domain 'x': Stopped Destroyed': Defined Added", "x': Stopped Destroyed")]
    [InlineData("event 'lifecycle' for domain ' ': Resumed Unpaused", " ")]
    [InlineData("event 'lifecycle' for domain 'größe 大': Started Booted", "größe 大")]
    [InlineData("event 'lifecycle' for domain '': Started Booted", null)]
    [InlineData("event 'lifecycle' for domain 'web'", null)]
    [InlineData("event 'lifecycle' for domain 'web': ", null)]
    [InlineData("event 'reboot' for domain 'web'", null)]
    [InlineData("events received: 3", null)]
    [InlineData("error: Disconnected from qemu:///system due to end of file", null)]
    [InlineData("", null)]
    public void A_line_names_its_domain(string line, string? domain) => Assert.Equal(domain, LibvirtEvents.DomainOf(line));

    [Fact(Timeout = Limit)]
    public async Task Domains_are_told_of_once_virsh_is_connected_until_it_ends()
    {
        _host.Libvirt.AnswerAt("event", (command, _) =>
        {
            Assert.Equal(["--quiet", "--connect", "qemu:///system", "echo answer:; uri; event --loop --event lifecycle"], command.Arguments);
            Assert.True(command.IsCompanion);
            string[] lines = ["event 'lifecycle' for domain 'too-early': Started Booted", "answer:qemu:///system", "event 'lifecycle' for domain 'web': Started Booted", "what?", "answer:"];
            Array.ForEach(lines, command.OnLine!);
            return Task.FromResult(new ProcessResult(1, "", "error: Disconnected from qemu:///system due to end of file\nerror: internal error: client socket is closed"));
        });

        var failure = await Assert.ThrowsAsync<FailureException>(WatchAsync);

        Assert.Equal(HypervisorFailures.Unavailable, failure.Code);
        Assert.Equal(["begun", "web"], _told);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_cannot_connect_has_not_begun()
    {
        _host.Libvirt.RefuseAt("event", "failed to connect to the hypervisor");

        Assert.Equal(HypervisorFailures.Unavailable, (await Assert.ThrowsAsync<FailureException>(WatchAsync)).Code);
        Assert.Empty(_told);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_ends_of_itself_is_a_failure_too()
    {
        _host.Libvirt.AnswerAt("event", (_, _) => Task.FromResult(new ProcessResult(127, "", "sh: 1: exec: virsh: not found")));

        var failure = await Assert.ThrowsAsync<FailureException>(WatchAsync);

        Assert.Equal(("hypervisor_refused", "sh: 1: exec: virsh: not found"), (failure.Code, failure.Failure.Evidence));
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_gets_no_answer_is_ended()
    {
        _host.Libvirt.AnswerAt("event", HangAsync);
        var watching = WatchAsync();

        await _host.Time.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(HypervisorFailures.Unavailable, (await Assert.ThrowsAsync<FailureException>(() => watching)).Code);
    }

    [Fact(Timeout = Limit)]
    public async Task One_that_has_begun_may_be_silent_for_long_and_ends_when_it_is_told_to()
    {
        var hanging = new TaskCompletionSource();
        _host.Libvirt.AnswerAt("event", (command, cancellation) =>
        {
            command.OnLine!("answer:qemu:///system");
            hanging.SetResult();
            return HangAsync(command, cancellation);
        });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var watching = _host.Get<IDomainEvents>().WatchAsync(() => { }, _ => { }, leaving.Token);
        await hanging.Task;

        _host.Time.Advance(TimeSpan.FromDays(1));
        Assert.False(watching.IsCompleted);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task WatchAsync() => _host.Get<IDomainEvents>().WatchAsync(() => _told.Add("begun"), _told.Add, Cancellation);

    private static async Task<ProcessResult> HangAsync(ProcessCommand command, CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("never");
    }
}
