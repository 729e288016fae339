using System.IO.Pipelines;
using System.Text;
using AutoProvision.Fakes;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using Microsoft.Extensions.Time.Testing;

namespace AutoProvision.Ssh;

/// <summary>The guest's own programs are a short cut: without them nothing fails.</summary>
public sealed class GuestProgramsTests
{
    private const int Limit = 30_000;
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Transfers that each hold one place would wait for one another for ever.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_second_place_is_not_waited_for_for_long()
    {
        var starting = Programs(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return (ISshChannel)Says("");
        }).TryStartAsync(new("x"), Cancellation);

        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.Null(await starting);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_refuses_a_second_channel_has_no_programs() =>
        Assert.Null(await Programs(_ => throw new FailureException("ssh_channel_refused", "", "")).TryStartAsync(new("x"), Cancellation));

    [Fact(Timeout = Limit)]
    public async Task A_caller_who_goes_is_told_so()
    {
        using var caller = new CancellationTokenSource();
        var starting = Programs(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return (ISshChannel)Says("");
        }).TryStartAsync(new("x"), caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    [Theory(Timeout = Limit)]
    [InlineData($"{GuestCommand.Ready}\n{GuestCommand.Done}\n", true)]
    [InlineData($"printed at login\n{GuestCommand.Ready}\n{GuestCommand.Done}\n", true)]
    [InlineData($"{GuestCommand.Ready}\n{GuestCommand.End}1\n", false)]
    [InlineData($"{GuestCommand.Ready}\n", false)]
    [InlineData($"{GuestCommand.Done}\n", false)]
    [InlineData("", false)]
    public async Task What_does_not_say_that_it_did_all_did_not(string output, bool isDone) =>
        Assert.Equal(isDone, await Programs(_ => Task.FromResult<ISshChannel>(Says(output))).TryRunAsync(new("x"), Cancellation));

    /// <summary>Who asks knows then that what is missing afterwards was there.</summary>
    [Theory(Timeout = Limit)]
    [InlineData($"{GuestCommand.Ready}\n", true)]
    [InlineData($"{GuestCommand.Done}\n", false)]
    public async Task What_has_begun_is_told_though_its_answer_is_lost(string output, bool isBegun)
    {
        var told = false;
        var programs = new GuestPrograms((_, _) => Task.FromResult<ISshChannel>(Says(output)), TimeProvider.System) { OnReady = () => told = true };

        Assert.False(await programs.TryRunAsync(new("x"), Cancellation));
        Assert.Equal(isBegun, told);
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_goes_on_printing_is_given_up()
    {
        var guest = new HungProgram();
        var starting = Programs(_ => Task.FromResult<ISshChannel>(guest)).TryStartAsync(new("x"), Cancellation);

        for (var thirds = 0; thirds < 3; thirds++)
        {
            await guest.SayAsync("noise\n");
            _time.Advance(SftpSession.Patience / 3);
        }

        Assert.Null(await starting);
    }

    [Fact(Timeout = Limit)]
    public async Task Of_noise_no_more_than_a_MiB_is_read()
    {
        var noise = string.Concat(Enumerable.Repeat(new string('x', 1023) + '\n', 1024));

        Assert.Null(await Programs(_ => Task.FromResult<ISshChannel>(Says($"{noise}{GuestCommand.Ready}\n"))).TryStartAsync(new("x"), Cancellation));
    }

    /// <summary>Its sender would wait with it.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_tar_that_reads_nothing_is_given_up()
    {
        var time = new ObservedTime();
        await using var stage = new TarStage(new GuestProgram(new HungProgram(), time), "last");

        var adding = stage.AddAsync("f", FileOf(Zeros(1024 * 1024)), Cancellation);
        await time.PassAsync(SftpSession.Patience);

        await Assert.ThrowsAsync<SftpEndedException>(() => adding);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_guest_no_longer_takes_is_not_read_from_the_sender()
    {
        var guest = new HungProgram();
        var content = Zeros(16 * 1024 * 1024);
        await using var stage = new TarStage(new GuestProgram(guest, _time), "last");
        guest.RefuseInput();

        await Assert.ThrowsAsync<SftpEndedException>(() => stage.AddAsync("f", FileOf(content), Cancellation));

        Assert.NotEqual(content.Length, content.Position);
    }

    private static TarItem FileOf(FiniteStream content) => new(TarItemKind.File, "/d/f", new SftpAttributes(), "", content, content.Length);

    private static FiniteStream Zeros(int count) => new(new MemoryStream(new byte[count]), count);

    private GuestPrograms Programs(Func<CancellationToken, Task<ISshChannel>> open) => new((_, token) => open(token), _time);

    private static FakeGuestProgram Says(string output) => new FakeGuestProgram(Encoding.ASCII.GetBytes(output));

    /// <summary>One that reads nothing, and says what it is told to.</summary>
    private sealed class HungProgram : ISshChannel
    {
        private readonly Pipe _input = new();
        private readonly Pipe _output = new();

        public HungProgram() => (Input, Output) = (_input.Writer.AsStream(), _output.Reader.AsStream());

        public Stream Output { get; }

        public Stream Input { get; }

        public string ReadError() => "";

        public async Task SayAsync(string text) => await _output.Writer.WriteAsync(Encoding.ASCII.GetBytes(text), Cancellation);

        /// <summary>Like a connection that is lost.</summary>
        public void RefuseInput() => _input.Reader.Complete(new IOException("The connection was lost."));

        public async ValueTask DisposeAsync()
        {
            await _input.Reader.CompleteAsync();
            await _output.Writer.CompleteAsync();
        }
    }
}
