namespace AutoProvision.CloudInit;

/// <summary>What is read of power_state, by cloud-init's own rules.</summary>
public sealed class PowerStateTests
{
    [Theory]
    [InlineData("power_state: {mode: reboot}", PowerMode.Reboot)]
    [InlineData("power_state: {mode: poweroff, delay: '+5', condition: test -e /run/now, message: bye, timeout: 2}", PowerMode.PowerOff)]
    [InlineData("power_state: {mode: halt, condition: [test, -e, /run/now]}", PowerMode.Halt)]
    [InlineData("power_state: {mode: reboot, condition: true}", PowerMode.Reboot)]
    [InlineData("power_state: {mode: reboot, condition: no}", null)]
    [InlineData("packages: [jq]", null)]
    public void A_mode_counts_unless_its_condition_is_false_from_the_start(string config, PowerMode? mode) =>
        Assert.Equal(mode, Of($"#cloud-config\n{config}\n"));

    [Fact]
    public void A_script_asks_for_nothing() => Assert.Null(Of("#!/bin/sh\necho 'power_state: {mode: reboot}'\n"));

    /// <summary>By default a later part takes the key's place; with no_replace the earlier one keeps what it says, and gets what only the later one has.</summary>
    [Theory]
    [InlineData("power_state: {mode: reboot}", "power_state: {mode: poweroff}", PowerMode.PowerOff)]
    [InlineData("power_state: {mode: reboot}", "packages: [jq]", PowerMode.Reboot)]
    [InlineData("packages: [jq]", "power_state: {mode: halt}", PowerMode.Halt)]
    [InlineData("power_state: {mode: reboot}", "merge_how: dict(no_replace)+list()+str()\npower_state: {mode: poweroff}", PowerMode.Reboot)]
    [InlineData("power_state: {mode: reboot}", "merge_how: dict(recurse_list)+list()+str()\npower_state: {mode: poweroff, condition: false}", null)]
    [InlineData("power_state: {mode: reboot}", "merge_how: list()+str()\npower_state: {mode: poweroff}", PowerMode.Reboot)]
    [InlineData("power_state: {mode: reboot}", "merge_how:\n- {name: dict, settings: [no_replace]}\n- {name: list, settings: []}\npower_state: {mode: poweroff}", PowerMode.Reboot)]
    public void Parts_are_merged_as_cloud_init_merges_them(string first, string second, PowerMode? mode) =>
        Assert.Equal(mode, Of(Message("", first, second)));

    [Fact]
    public void A_parts_header_says_how_it_is_merged() =>
        Assert.Equal(PowerMode.Reboot, Of(Message("Merge-Type: dict(no_replace)+list()+str()\n", "power_state: {mode: reboot}", "power_state: {mode: poweroff}")));

    private static string Message(string header, string first, string second) => $"""
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="=="

        --==
        Content-Type: text/cloud-config

        #cloud-config
        {first}

        --==
        Content-Type: text/cloud-config
        {header}
        #cloud-config
        {second}

        --==--

        """;

    private static PowerMode? Of(string userData) => PowerState.Of(CallersUserData.Parse(userData))?.Mode;
}
