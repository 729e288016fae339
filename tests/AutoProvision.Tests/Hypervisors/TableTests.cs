using System.Net;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

public sealed class TableTests
{
    // virsh 9.0; the first two with and without --quiet.
    private const string Leases = """
         Expiry Time           MAC address         Protocol   IP address           Hostname   Client ID or DUID
        --------------------------------------------------------------------------------------------------------
         2026-11-22 13:10:41   52:54:00:0a:BC:01   ipv4       192.168.122.57/24    web        ff:56:50:4d:98:00:02
         2026-11-22 13:11:02   52:54:00:0a:bc:02   ipv6       fd00::2f/64          -          00:03:00:01
        """;

    private const string Interfaces = """
         lo         00:00:00:00:00:00    ipv4         127.0.0.1/8
         -          -                    ipv6         ::1/128
         eth0       52:54:00:0a:bc:01    ipv4         192.168.122.57/24
         -          -                    ipv6         fe80::5054:ff:fe0a:bc01/64
        """;

    private const string Arp = """
        IP address       HW type     Flags       HW address            Mask     Device
        192.168.122.57   0x1         0x2         52:54:00:0a:bc:01     *        virbr0
        192.168.122.58   0x1         0x0         52:54:00:0a:bc:02     *        virbr0
        10.0.0.1         0x1         0x2         02:42:AC:11:00:02     *        eth0
        """;

    [Fact]
    public void Leases_give_mac_and_address() => Assert.Equal(
        [Seen("52:54:00:0a:bc:01", "192.168.122.57"), Seen("52:54:00:0a:bc:02", "fd00::2f")], AddressTables.ParseVirsh(Leases));

    [Fact]
    public void The_agents_answer_gives_the_interface_with_the_mac() =>
        Assert.Equal("192.168.122.57", AddressTables.Pick(AddressTables.ParseVirsh(Interfaces), "52:54:00:0a:bc:01")?.ToString());

    [Fact]
    public void Arp_leaves_incomplete_entries_out() => Assert.Equal(
        [Seen("52:54:00:0a:bc:01", "192.168.122.57"), Seen("02:42:ac:11:00:02", "10.0.0.1")], AddressTables.ParseArp(Arp));

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("error: Failed to get network 'default'")]
    [InlineData("2026-11-22 13:10:41   52:54:00:0a:bc:01   ipv4       999.1.2.3.4/24    web")]
    public void What_is_no_table_gives_nothing(string text)
    {
        Assert.Empty(AddressTables.ParseVirsh(text));
        Assert.Empty(AddressTables.ParseArp(text));
    }

    [Theory]
    [InlineData("error: Failed to list domains")]
    [InlineData("lorem ipsum\n")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001 web")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001 off web")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001 1 web\n0199d3a4-0000-7000-8000-00000000000 2 db")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001 1 web\nRTFM")]
    public void A_list_with_a_line_that_is_none_is_no_list(string text)
    {
        var failure = Assert.Throws<FailureException>(() => VirshTables.Domains(text));

        Assert.Equal("hypervisor_garbled", failure.Code);
        Assert.Equal(text.Trim(), failure.Failure.Evidence);
    }

    [Theory]
    [InlineData("Domain: 'web'")]
    [InlineData("Domain: 'web'\n  state.state=1\n")]
    [InlineData("Domain: 'web'\n  state.state=running\n  state.reason=1\n")]
    [InlineData("Domain: 'web'\n  state.state=1\n  state.reason=1\nlorem ipsum\n")]
    [InlineData("Domain: web\n  state.state=1\n  state.reason=1\n")]
    public void States_that_are_not_whole_are_no_answer(string text) =>
        Assert.Equal("hypervisor_garbled", Assert.Throws<FailureException>(() => VirshTables.Powers(text)).Code);

    [Theory]
    [InlineData(1, 1, DomainPower.Running)]
    [InlineData(2, 0, DomainPower.Running)]
    [InlineData(3, 1, DomainPower.Paused)]
    [InlineData(3, 5, DomainPower.PausedByDisk)]
    [InlineData(4, 1, DomainPower.Running)]
    [InlineData(5, 5, DomainPower.Stopped)]
    [InlineData(6, 1, DomainPower.Stopped)]
    [InlineData(7, 0, DomainPower.Paused)]
    public void A_state_and_its_reason_tell_whether_a_domain_runs(int state, int reason, DomainPower power)
    {
        var text = $"\nDomain: 'look's  5'\n  state.state={state}\n  state.reason={reason}\n\nDomain: 'other'\n  state.state=1\n  state.reason=1\n\n";

        Assert.Equal(new Dictionary<string, DomainPower> { ["look's  5"] = power, ["other"] = DomainPower.Running }, VirshTables.Powers(text));
    }

    [Fact]
    public void No_domains_at_all_are_an_answer()
    {
        Assert.Empty(VirshTables.Domains("\n\n"));
        Assert.Empty(VirshTables.Powers("\n"));
    }

    [Theory]
    [InlineData("192.0.2.1", "fd00::1", "fe80::1", "192.0.2.1")]
    [InlineData("192.0.2.1", "127.0.0.1", "192.0.2.1")]
    [InlineData("fd00::1", "fe80::1", "fd00::1")]
    [InlineData(null, "fe80::1", "127.0.0.1")]
    public void IPv4_comes_first_and_nothing_that_works_on_one_link_only(string? expected, params string[] seen) =>
        Assert.Equal(expected, AddressTables.Pick([Seen("m", "10.9.9.9") with { Mac = "other" }, .. seen.Select(address => Seen("m", address))], "m")?.ToString());

    [Fact]
    public void Domains_have_an_id_a_number_while_they_run_and_a_name_that_may_be_all_digits_and_have_spaces()
    {
        var text = "0199d3a4-0000-7000-8000-000000000001 3 web\n0199d3a4-0000-7000-8000-000000000002 -   42  \n0199d3a4-0000-7000-8000-000000000003 12 - 7 a\n\n";

        Assert.Equal([("web", 3), ("42", null), ("- 7 a", (int?)12)], VirshTables.Domains(text).Select(domain => (domain.Name, domain.Run)));
    }

    [Theory]
    [InlineData("Bridge", "virbr0")]
    [InlineData("Active", "yes")]
    [InlineData("Name", "default")]
    [InlineData("UUID", null)]
    [InlineData("Empty", null)]
    public void A_field_is_what_stands_behind_its_name(string name, string? value) =>
        Assert.Equal(value, VirshTables.Field("Name:           default\nActive:         yes\nEmpty:   \nBridge:         virbr0\n", name));

    private static SeenAddress Seen(string mac, string address) => new(mac, IPAddress.Parse(address));
}
