using AutoProvision.Processes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors;

/// <summary>Networks as libvirt describes them, and the addresses that they keep.</summary>
public sealed class NetworkTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private const string Mac = "52:54:00:00:00:01";
    private const string Entry = """<host mac="52:54:00:00:00:01" ip="192.0.2.7" />""";
    private const string Others = """<host mac="52:54:00:00:00:02" name="theirs" ip="192.0.2.7"/>""";
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.NewGuid();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FakeNetwork Default => _host.Libvirt.Networks["default"];

    [Theory(Timeout = Limit)]
    [InlineData("", false, "192.0.2.1/24")]
    [InlineData("<ip family='ipv6' address='fd00:12::1' prefix='64'/>", true, "fd00:12::1/64", "192.0.2.1/24")]
    [InlineData("<ip address='10.0.0.1'/><ip family='ipv6' address='fd00::1'/>", true, "10.0.0.1/8", "fd00::1/64", "192.0.2.1/24")]
    public async Task A_network_is_told_with_its_subnets(string more, bool hasIpv6, params string[] subnets)
    {
        _host.Libvirt.Networks["lan"] = new FakeNetwork { More = more };

        var network = await _host.Networks.FindNetworkAsync("lan", Cancellation);

        Assert.Equal(("lan", true, hasIpv6), (network?.Name, network?.HasDhcp4, network?.HasIpv6));
        Assert.Equal(subnets, network?.Subnets);
    }

    [Fact(Timeout = Limit)]
    public async Task The_services_own_network_has_no_name_and_one_that_is_down_is_one_all_the_same()
    {
        _host.Libvirt.Networks["default"] = new FakeNetwork { IsActive = false };

        Assert.Equal("default", (await _host.Networks.FindNetworkAsync(null, Cancellation))?.Name);
        Assert.Null(await _host.Networks.FindNetworkAsync("nowhere", Cancellation));
    }

    [Theory(Timeout = Limit)]
    [InlineData("net-list", "failed to connect to the hypervisor", "hypervisor_unavailable")]
    [InlineData("net-dumpxml", "failed to connect to the hypervisor", "hypervisor_unavailable")]
    [InlineData("net-dumpxml", "failed to get network 'default'", "hypervisor_refused")]
    public async Task A_libvirt_that_cannot_tell_has_not_said_that_there_is_none(string command, string error, string code)
    {
        _host.Libvirt.RefuseAt(command, error);

        Assert.Equal(code, (await Assert.ThrowsAsync<FailureException>(() => _host.Networks.FindNetworkAsync(null, Cancellation))).Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData("lorem ipsum")]
    [InlineData("<network/>")]
    [InlineData("<network><name>default</name><ip address='here'/></network>")]
    public async Task A_description_that_is_rubbish_is_noticed(string xml)
    {
        _host.Libvirt.AnswerAt("net-dumpxml", (_, _) => FakeLibvirt.Answer(xml));

        Assert.Equal("hypervisor_garbled", (await Assert.ThrowsAsync<FailureException>(() => _host.Networks.FindNetworkAsync(null, Cancellation))).Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task An_address_is_kept_wherever_the_network_is_and_once(bool isActive, bool isPersistent)
    {
        _host.Libvirt.Networks["default"] = new FakeNetwork { IsActive = isActive, IsPersistent = isPersistent };

        await ReserveAsync();
        await ReserveAsync();

        Assert.Equal(isActive ? [Entry] : [], Default.Live);
        Assert.Equal(isPersistent ? [Entry] : [], Default.Defined);
    }

    [Fact(Timeout = Limit)]
    public async Task What_libvirt_did_by_half_when_it_was_killed_is_done()
    {
        Default.Defined.Add(Entry);

        await ReserveAsync();

        Assert.Equal([Entry], Default.Live);
        Default.Live.Clear();
        await ReleaseAsync();
        Assert.Empty(Default.Defined);
    }

    [Fact(Timeout = Limit)]
    public async Task Another_address_replaces_what_was_kept_before()
    {
        await ReserveAsync("192.0.2.8");

        await ReserveAsync();

        Assert.Equal([Entry], Default.Live);
        Assert.Equal([Entry], Default.Defined);
    }

    [Fact(Timeout = Limit)]
    public async Task An_address_that_is_kept_for_another_is_taken_and_stays_theirs()
    {
        Default.Defined.Add(Others);

        await TakenAsync("192.0.2.7");

        Assert.Equal([Others], Default.Defined);
        Assert.Empty(Default.Live);
    }

    [Fact(Timeout = Limit)]
    public async Task An_address_that_is_leased_to_another_is_taken_and_ones_own_lease_is_not()
    {
        Default.Leases["52:54:00:00:00:02"] = "192.0.2.7";
        Default.Leases[Mac] = "192.0.2.8";

        await TakenAsync("192.0.2.7");
        await ReserveAsync("192.0.2.8");
    }

    [Fact(Timeout = Limit)]
    public Task The_hosts_own_address_is_taken() => TakenAsync("192.0.2.1");

    [Fact(Timeout = Limit)]
    public async Task Somebody_who_is_quicker_has_it()
    {
        _host.Libvirt.RefuseAt("net-update", "Requested operation is not valid: there is an existing dhcp host entry in network 'default' that matches \"<host/>\"");

        await TakenAsync("192.0.2.7");
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_given_up_is_gone_twice_over_and_others_keep_theirs()
    {
        Default.Live.Add(Others.Replace("192.0.2.7", "192.0.2.9", StringComparison.Ordinal));
        await ReserveAsync();

        await ReleaseAsync();
        await ReleaseAsync();

        Assert.Single(Default.Live);
        Assert.Empty(Default.Defined);
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_kept_on_the_services_own_network_is_given_up_though_that_is_another_one_by_now()
    {
        var former = _host.Libvirt.Networks["former"] = new FakeNetwork();
        former.Live.Add(Entry);
        former.Defined.Add(Entry);

        await _host.Networks.ReleaseAddressAsync(_id, new Nic(Mac, "default"), Cancellation);
        Assert.Single(former.Live);
        await ReleaseAsync();

        Assert.Empty(former.Live);
        Assert.Empty(former.Defined);
    }

    [Theory(Timeout = Limit)]
    [InlineData(0, "<network>")]
    [InlineData(1, "error: authentication unavailable")]
    public async Task Somebody_elses_network_that_cannot_be_read_holds_up_nothing(int exitCode, string words)
    {
        await ReserveAsync();
        _host.Libvirt.Networks["theirs"] = new FakeNetwork();
        _host.Libvirt.AnswerAt("net-dumpxml", (command, _) => command.Arguments.Contains("theirs")
            ? Task.FromResult(new ProcessResult(exitCode, exitCode == 0 ? words : "", words)) : _host.Libvirt.Networks.Xml(command));

        await ReleaseAsync();

        Assert.Empty(Default.Live);
        Assert.Empty(Default.Defined);
    }

    [Fact(Timeout = Limit)]
    public async Task Somebody_elses_network_that_goes_just_then_is_nobodys_trouble()
    {
        _host.Libvirt.Networks["theirs"] = new FakeNetwork();
        _host.Libvirt.Watch = command =>
        {
            if (command.Arguments.Contains("net-info") && command.Arguments.Contains("theirs"))
                _host.Libvirt.Networks.Remove("theirs");
        };
        await ReserveAsync();

        await ReleaseAsync();

        Assert.Empty(Default.Live);
        Assert.Equal("default\n", _host.Libvirt.Networks.List());
    }

    [Fact(Timeout = Limit)]
    public async Task A_network_that_is_gone_keeps_nothing()
    {
        _host.Libvirt.Networks.Remove("default");

        await ReleaseAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task The_IPv4_subnet_is_named_where_there_are_several()
    {
        _host.Libvirt.Networks["default"] = new FakeNetwork { More = "<ip family='ipv6' address='fd00:12::1' prefix='64'><dhcp><range start='fd00:12::2' end='fd00:12::9'/></dhcp></ip>" };
        var indexes = new List<string>();
        _host.Libvirt.Watch = command =>
        {
            if (command.Arguments.Contains("net-update"))
                indexes.Add(FakeLibvirt.After(command, "--parent-index"));
        };

        await ReserveAsync();

        Assert.Equal(["1", "1"], indexes);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task ReserveAsync(string address = "192.0.2.7") => _host.Networks.ReserveAddressAsync(_id, new Nic(Mac), address, Cancellation);

    private Task ReleaseAsync() => _host.Networks.ReleaseAddressAsync(_id, new Nic(Mac), Cancellation);

    private async Task TakenAsync(string address) =>
        Assert.Equal("address_taken", (await Assert.ThrowsAsync<FailureException>(() => ReserveAsync(address))).Code);
}
