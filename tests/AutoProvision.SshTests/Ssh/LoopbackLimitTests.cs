namespace AutoProvision.Ssh;

/// <summary>A guest whose sshd allows one session on a connection.</summary>
public sealed class LoopbackOneSessionTests(OneSessionSshd sshd) : LoopbackGuest(sshd), IClassFixture<OneSessionSshd>
{
    [Fact(Timeout = Limit)]
    public Task Commands_run_at_once_all_the_same() => Guest.CommandsRunAtOnceAsync(5);

    [Fact(Timeout = Limit)]
    public Task More_commands_than_there_may_be_connections_wait_their_turn() => Guest.CommandsWaitTheirTurnAsync(20);

    [Fact(Timeout = Limit)]
    public Task Files_are_written_and_read_beside_a_command() => Guest.FilesGoBesideACommandAsync();

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task What_is_said_to_have_ended_has_ended(bool isStream) => Guest.ATimeoutIsConfirmedAsync(isStream);

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task Hanging_up_ends_the_command_and_its_children(bool isStream) => Guest.HangingUpEndsItAsync(isStream);
}

/// <summary>A guest whose sshd hangs up on some of those that come at once.</summary>
public sealed class LoopbackDefaultStartupsTests(DefaultStartupsSshd sshd) : LoopbackGuest(sshd), IClassFixture<DefaultStartupsSshd>
{
    [Fact(Timeout = Limit)]
    public Task None_of_sixteen_streams_at_once_is_lost() => Guest.StreamsRunAtOnceAsync(16);
}

/// <summary>A guest whose sshd lets one in at a time.</summary>
public sealed class LoopbackOneStartupTests(OneStartupSshd sshd) : LoopbackGuest(sshd), IClassFixture<OneStartupSshd>
{
    [Fact(Timeout = Limit)]
    public Task None_of_sixteen_streams_at_once_is_lost() => Guest.StreamsRunAtOnceAsync(16);
}
