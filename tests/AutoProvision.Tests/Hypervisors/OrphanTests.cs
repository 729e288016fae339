namespace AutoProvision.Hypervisors;

/// <summary>What nobody knows of any more is found; what is known, or is not ours, is never listed.</summary>
public sealed class OrphanTests : IAsyncDisposable
{
    private const int Limit = 30_000;
    private readonly LibvirtHost _host = new();
    private readonly Guid _id = Guid.Parse("0199d3a4-0000-7000-8000-000000000002");
    private readonly HashSet<Guid> _known = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_domain_of_ours_is_found_with_its_files()
    {
        string[] files = [Touch(_id, "console.log"), Touch(_id, "console.log.0"), Touch(_id, "qcow2"), Touch(_id, "seed.iso")];
        _host.Libvirt.Domains[_id] = Ours(_id) with { State = FakeLibvirtDomain.Off };

        var orphan = Assert.Single(await FindAsync());

        Assert.Equal((_id, "web", DomainPower.Stopped, "52:54:00:00:00:aa"), (orphan.Id, orphan.Name, orphan.Power, orphan.Mac));
        Assert.Equal(files, orphan.Files);
        Assert.Equal([new Nic("52:54:00:00:00:aa", "default")], orphan.Nics);
    }

    [Fact(Timeout = Limit)]
    public async Task Files_are_found_without_a_domain_and_all_in_the_order_of_their_ids()
    {
        var (first, last) = (Guid.Parse("0199d3a4-0000-7000-8000-000000000001"), Guid.Parse("0199d3a4-0000-7000-8000-000000000003"));
        var seed = Directory.CreateDirectory(Path.Combine(_host.Pool, $"{last}.seed.d")).FullName;
        var disk = Touch(first, "qcow2");
        _host.Libvirt.Domains[_id] = Ours(_id);

        var orphans = await FindAsync();

        Assert.Equal([first, _id, last], orphans.Select(orphan => orphan.Id));
        Assert.Equal([disk], orphans[0].Files);
        Assert.Equal([seed], orphans[2].Files);
        Assert.Equal((null, null, null), (orphans[0].Name, orphans[0].Power, orphans[0].Mac));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_known_is_none_and_is_not_looked_into()
    {
        Touch(_id, "qcow2");
        _host.Libvirt.Domains[_id] = Ours(_id);
        _known.Add(_id);

        Assert.Empty(await FindAsync());
        Assert.DoesNotContain("dumpxml", _host.Libvirt.Ran);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_comes_while_the_host_is_listed_is_none()
    {
        _host.Libvirt.Domains[_id] = Ours(_id);
        _host.Libvirt.Watch = _ => _known.Add(_id);

        Assert.Empty(await FindAsync());
    }

    [Theory(Timeout = Limit)]
    [InlineData(null, "/elsewhere/disk.qcow2")]
    [InlineData("autoprovision:0199d3a4-0000-7000-8000-000000000002", "/elsewhere/disk.qcow2")]
    [InlineData("autoprovision:0199d3a4-0000-7000-8000-000000000009", null)]
    [InlineData("a machine of mine", null)]
    [InlineData("", null)]
    public async Task A_domain_of_others_is_none_nor_are_the_files_it_stands_on(string? description, string? disk)
    {
        var own = Touch(_id, "qcow2");
        _host.Libvirt.Domains[_id] = new FakeLibvirtDomain("theirs") { Description = description, Disk = disk ?? own };

        Assert.Empty(await FindAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_domain_that_goes_while_it_is_looked_at_is_none()
    {
        _host.Libvirt.Domains[_id] = Ours(_id);
        _host.Libvirt.Watch = _ =>
        {
            if (_host.Libvirt.Ran.Contains("dumpxml"))
                _host.Libvirt.Domains.Remove(_id);
        };

        Assert.Empty(await FindAsync());
    }

    [Theory(Timeout = Limit)]
    [InlineData("base.qcow2")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001.qcow2.bak")]
    [InlineData("0199D3A4-0000-7000-8000-000000000001.qcow2")]
    [InlineData("0199d3a4-0000-7000-8000-000000000001")]
    [InlineData(".probe")]
    public async Task Other_files_are_none(string name)
    {
        Directory.CreateDirectory(_host.Pool);
        await File.WriteAllTextAsync(Path.Combine(_host.Pool, name), "", Cancellation);

        Assert.Empty(await FindAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_pool_that_is_gone_holds_none_and_is_not_made()
    {
        _ = _host.Hypervisor;
        Directory.Delete(_host.Pool);

        Assert.Empty(await FindAsync());
        Assert.False(Directory.Exists(_host.Pool));
    }

    [Theory(Timeout = Limit)]
    [InlineData("lorem ipsum")]
    [InlineData("<domain/>")]
    [InlineData("")]
    public async Task A_description_that_is_rubbish_is_noticed(string xml)
    {
        _host.Libvirt.Domains[_id] = Ours(_id);
        _host.Libvirt.AnswerAt("dumpxml", (_, _) => FakeLibvirt.Answer(xml));

        Assert.Equal("hypervisor_garbled", (await Assert.ThrowsAsync<Vms.FailureException>(FindAsync)).Code);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<IReadOnlyList<Orphan>> FindAsync() => _host.Hypervisor.FindOrphansAsync(_known.Contains, Cancellation);

    private FakeLibvirtDomain Ours(Guid id) => FakeLibvirtDomain.Ours(id, "web", Path.Combine(_host.Pool, $"{id}.qcow2"));

    private string Touch(Guid id, string suffix)
    {
        Directory.CreateDirectory(_host.Pool);
        var path = Path.Combine(_host.Pool, $"{id}.{suffix}");
        File.WriteAllText(path, "");
        return path;
    }
}
