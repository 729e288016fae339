using AutoProvision.HostTests.Support;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>Everything the API does for a machine, shown on one real Debian guest, one thing after the other.</summary>
[TestMethodOrderer(typeof(InSourceOrder))]
public sealed class WholeGuestTests(WholeGuest guest) : IClassFixture<WholeGuest>
{
    private const int Limit = 300_000;
    private const string Other = "app";
    private readonly SpecProofs _spec = new(guest);
    private readonly AccessProofs _access = new(guest);
    private readonly AccountProofs _account = new(guest);
    private readonly GuestProofs _commands = new(guest.Http, guest.Path);
    private readonly FileProofs _files = new(guest);
    private readonly ChangeProofs _changes = new(guest);

    [Fact(Timeout = Limit)]
    public async Task The_services_own_part_of_the_time_to_ready_is_printed() => await Overhead.PrintAsync(guest.App, await guest.App.GetAsync(guest.Id));

    [Fact(Timeout = Limit)]
    public Task Its_image_is_the_default_one_and_as_promised() => Debian.IsAsPromisedAsync(guest.App, guest.Id, Debian.Image);

    [Fact(Timeout = Limit)]
    public Task A_callers_user_data_runs_beside_ours_and_breaks_nothing() => _spec.CloudInitRanOursTheirsAndTheScriptAsync();

    [Fact(Timeout = Limit)]
    public Task It_was_verified_in_full_and_the_scripts_time_is_printed() => _spec.ItWasVerifiedInFullAsync();

    [Fact(Timeout = Limit)]
    public Task Its_users_are_as_asked() => _spec.UsersAreThereAsync();

    [Fact(Timeout = Limit)]
    public Task Its_user_is_the_default_user_that_a_callers_user_data_means() => _spec.TheFirstUserIsTheDefaultUserAsync();

    [Fact(Timeout = Limit)]
    public Task Its_users_may_have_the_names_of_groups_and_dots_in_them() => _spec.NamesOfGroupsAreTakenAsync();

    [Fact(Timeout = Limit)]
    public Task Its_homes_have_skeleton_and_owner_whatever_is_written_or_mounted_there() => _spec.HomesAreWholeAsync();

    [Fact(Timeout = Limit)]
    public Task Its_users_let_somebodys_own_key_in() => _access.SomebodysOwnKeyIsLetInAsync();

    [Fact(Timeout = Limit)]
    public Task The_keys_of_an_ssh_agent_are_let_in_and_it_holds_the_guests() => _access.AnAgentsKeysAreLetInAsync();

    [Fact(Timeout = Limit)]
    public Task Plain_ssh_gets_in_by_name_with_the_ssh_config_that_is_told() => _access.TheSshConfigIsEnoughAsync();

    [Fact(Timeout = Limit)]
    public Task Nobody_gets_in_by_a_password_and_sudo_asks_for_none() => _access.PasswordsAreLockedAsync();

    [Fact(Timeout = Limit)]
    public Task The_services_own_account_is_there_and_does_its_work() => _account.ItIsThereAndDoesItsWorkAsync();

    [Fact(Timeout = Limit)]
    public Task It_is_on_another_network_with_IPv6_too() => _spec.ItIsOnTheOtherNetworkTooAsync();

    [Fact(Timeout = Limit)]
    public Task The_guest_agent_tells_its_addresses() => _spec.TheGuestAgentTellsItsAddressesAsync();

    [Fact(Timeout = Limit)]
    public Task Its_files_and_hosts_are_as_asked() => _spec.FilesAndHostsAreThereAsync();

    [Fact(Timeout = Limit)]
    public Task Its_package_is_installed_before_its_commands_run() => _spec.ItsPackageIsInstalledAsync();

    [Fact(Timeout = Limit)]
    public Task Its_environment_is_exact_in_every_session() => _spec.TheEnvironmentIsExactAsync();

    [Fact(Timeout = Limit)]
    public Task Its_disks_and_swap_are_as_asked() => _spec.DisksAndSwapAreThereAsync();

    [Fact(Timeout = Limit)]
    public Task It_has_the_address_that_was_reserved() => _spec.TheAddressIsReservedAsync();

    [Fact(Timeout = Limit)]
    public Task A_hundred_megabytes_arrive_exactly() => _commands.ManyBytesArriveExactlyAsync();

    [Fact(Timeout = Limit)]
    public Task Bytes_that_are_no_text_arrive() => _commands.BytesThatAreNoTextArriveAsync();

    [Fact(Timeout = Limit)]
    public Task Variables_directory_user_and_input_are_as_wanted() => _commands.PlaceAndUserAreAsWantedAsync(Other);

    [Fact(Timeout = Limit)]
    public Task Large_input_never_hangs() => _commands.LargeInputNeverHangsAsync();

    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_the_command_and_its_children() => _commands.ATimeoutEndsItAllAsync(Other);

    [Fact(Timeout = Limit)]
    public Task A_timeout_ends_process_groups_of_their_own_too() => _commands.ATimeoutEndsOtherGroupsTooAsync();

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public Task Hanging_up_ends_the_command_and_its_children(bool isStream) => _commands.HangingUpEndsItAsync(isStream);

    [Fact(Timeout = Limit)]
    public Task A_slow_reader_slows_the_command() => _commands.ASlowReaderSlowsTheCommandAsync();

    [Fact(Timeout = Limit)]
    public Task A_terminal_has_its_size_and_tells_its_end() => _commands.ATerminalHasItsSizeAndTellsItsEndAsync();

    [Fact(Timeout = Limit)]
    public Task Leaving_a_terminal_ends_what_runs_in_it() => _commands.LeavingATerminalEndsWhatRunsInItAsync();

    [Fact(Timeout = Limit)]
    public Task Two_hundred_megabytes_have_one_checksum_there_and_back() => _files.ALargeFileHasOneChecksumAsync();

    [Fact(Timeout = Limit)]
    public Task A_file_has_mode_and_owner_as_asked() => _files.ModeAndOwnerAreAsAskedAsync();

    [Fact(Timeout = Limit)]
    public Task A_directory_goes_both_ways_as_tar() => _files.ADirectoryGoesBothWaysAsTarAsync();

    [Fact(Timeout = Limit)]
    public Task Three_thousand_small_files_go_both_ways_and_their_times_are_printed() => new ManyFileProofs(guest).TheyTakeAboutAsLongAsThroughExecAsync();

    [Fact(Timeout = Limit)]
    public Task A_cut_upload_leaves_nothing() => _files.ACutUploadLeavesNothingAsync();

    [Fact(Timeout = Limit)]
    public Task Its_console_is_followed() => _changes.TheConsoleIsFollowedAsync();

    [Fact(Timeout = Limit)]
    public Task Its_labels_are_changed() => _changes.LabelsAreChangedAsync();

    [Fact(Timeout = Limit)]
    public Task A_snapshot_comes_back() => _changes.ASnapshotComesBackAsync();

    [Fact(Timeout = 600_000)]
    public Task A_copy_is_a_machine_of_its_own_and_expires() => new CloneProofs(guest).ACopyIsAMachineOfItsOwnAsync();

    [Fact(Timeout = 600_000)]
    public Task It_is_stopped_resized_and_started() => _changes.ItIsStoppedResizedAndStartedAsync();

    [Fact(Timeout = 600_000)]
    public Task A_user_without_a_shell_is_mended_by_files() => _account.AUserWithoutAShellIsMendedByFilesAsync();

    [Fact(Timeout = Limit)]
    public async Task Nothing_is_left_of_it()
    {
        Assert.NotEmpty(await HostSnapshot.NewSinceAsync(guest.App, guest.Before));
        await guest.App.DeleteAsync(guest.Id);
        Assert.DoesNotContain(WholeSpec.Address, await Tool.VirshAsync("net-dumpxml", "default"), StringComparison.Ordinal);
        Assert.DoesNotContain(WholeSpec.Address, await Tool.VirshAsync("net-dumpxml", "--inactive", "default"), StringComparison.Ordinal);
        Assert.Empty(await HostSnapshot.NewSinceAsync(guest.App, guest.Before));
        Assert.Equal(guest.Identity, (await guest.Agent.ListAsync()).Output.Trim());
    }
}
