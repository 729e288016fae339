using System.Net;
using AutoProvision.CloudInit;
using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Provisioning;

/// <summary>The service's own account in a guest.</summary>
public sealed class ServiceAccountTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task It_has_a_key_of_its_own_and_a_copy_has_another()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var source = await http.ReadyVmAsync();
        var copy = await http.ReadyCopyAsync(source);

        var keys = ((string[])[source, copy]).Select(vm => app.Get<VmStore>().Find(Rounds.Id(vm))!).Select(vm => (vm.ServiceKey, vm.PublicKey)).ToList();
        Assert.Equal(4, keys.SelectMany(pair => (string?[])[pair.ServiceKey, pair.PublicKey]).Distinct().Count());
        Assert.Equal(keys.Select(pair => pair.ServiceKey), ((string[])[source, copy]).Select(vm => Account(host, vm)[^1]));
        // The original's is forgotten first.
        Assert.Equal("forget-original", BootCommands(host, copy).First()[2]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(host.DataDirectory, "keys", Rounds.Id(source).ToString(), "service_ed25519")));
        foreach (var vm in (string[])[source, copy])
            await Rounds.DeleteAsync(http, vm);
        Assert.Empty(host.Traces);
    }

    [Fact(Timeout = Limit)]
    public async Task Files_are_its_work_on_behalf_of_the_user_and_commands_are_the_users()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync("""{"user": "jane"}""");
        // Nothing of it on the way to ready.
        Assert.Equal(["jane"], host.Guests.Logins);

        await StatAsync(http, vm);
        await StatAsync(http, vm);
        host.Guests.Answers["true"] = FakeAnswers.Of(0, "");
        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();

        Assert.Equal(["jane", ServiceAccount.Name], host.Guests.Logins);
        Assert.Equal((ServiceAccount.Name, SftpCommand.Plain.OnBehalfOf("jane")), host.Guests.Programs.Distinct().Single());
        await http.OperateAsync($"{vm}/stop");
        Assert.Equal(0, host.Guests.OpenConnections);
    }

    [Fact(Timeout = Limit)]
    public async Task Where_it_cannot_get_in_the_users_login_does_its_work_and_that_is_told_once()
    {
        await using var host = new FakeHost();
        host.Guests.KnowsServiceAccount = false;
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();

        await StatAsync(http, vm);
        await StatAsync(http, vm);

        Assert.Equal([("tester", SftpCommand.Plain.ByUser())], host.Guests.Programs.Distinct());
        var told = await http.FollowAsync(vm, item => Rounds.Message(item).Contains("own account", StringComparison.Ordinal));
        Assert.Equal(long.Parse(told[^1].EventId!), (await http.GetJsonAsync(vm)).GetProperty("version").GetInt64());
        // Kept, and tried again once the guest was started again.
        host.Guests.KnowsServiceAccount = true;
        using var next = (await host.KillAndStartAsync(app)).CreateClient();
        await StatAsync(next, vm);
        Assert.Equal(("tester", SftpCommand.Plain.ByUser()), host.Guests.Programs.Last());
        await next.OperateAsync($"{vm}/restart");
        await StatAsync(next, vm);
        Assert.Equal(ServiceAccount.Name, host.Guests.Programs.Last().User);
    }

    /// <summary>A user's shell, keys and rights may keep nobody from ending a command.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commands_are_ended_by_it_as_root_and_where_it_cannot_get_in_by_their_own_login(bool isKnown)
    {
        await using var host = new FakeHost();
        host.Guests.KnowsServiceAccount = isKnown;
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        string? said = null;
        host.Guests.Streams["true"] = async (request, sink, cancellation) =>
        {
            said = await request.EndBy!("id -u", cancellation);
            sink.Started(1);
            return new AutoProvision.Ssh.ExecEnd(0, null, TimeSpan.Zero, TimedOut: false);
        };
        host.Guests.Answers["exec sudo -n -- sh -c 'id -u'"] = FakeAnswers.Of(0, "0\n");

        using var ran = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        await ran.ReadJsonAsync();
        await http.StreamExecAsync(vm, """{"shell": "true"}""");

        Assert.Equal(isKnown ? "0\n" : null, said);
        Assert.Equal(isKnown, host.Guests.Logins.Contains(ServiceAccount.Name));
    }

    [Fact(Timeout = Limit)]
    public async Task Where_it_gets_in_a_user_who_does_not_is_not_waited_for_for_minutes()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        host.Guests.Refused = "tester";

        var restarting = http.OperateAsync($"{vm}/restart");
        await host.Time.PassAsync(Steps.SshStep.RefusalPatience);
        var after = await restarting;

        Assert.Equal(("unreachable", "ssh_auth_failed"), (after.Text("state"), after.GetProperty("failure").Text("code")));
        Assert.Contains("own account gets in", after.GetProperty("failure").Text("hint"), StringComparison.Ordinal);
        // By the login that it was seen by.
        await StatAsync(http, vm);
        Assert.Single(host.Guests.Logins, ServiceAccount.Name);
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_of_before_has_none_and_works_as_it_did()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        var vm = await http.ReadyVmAsync();
        app.Get<VmStore>().Update(Rounds.Id(vm), it => it with { ServiceKey = null }, new VmEvent { Type = VmEventType.Updated });

        await StatAsync(http, vm);

        Assert.Equal([("tester", SftpCommand.Plain.ByUser())], host.Guests.Programs);
        // Its copy has one.
        await StatAsync(http, await http.ReadyCopyAsync(vm));
        Assert.Equal(ServiceAccount.Name, host.Guests.Programs.Last().User);
    }

    [Fact(Timeout = Limit)]
    public async Task Its_name_is_no_users()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var refused = await http.RefusedAsync("/vms", """{"user": "autoprovision-guest", "users": [{"name": "autoprovision-guest"}], "userData": "#cloud-config\nusers:\n- name: autoprovision-guest\n"}""", HttpStatusCode.BadRequest);

        var faults = refused.GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal(["/user", "/userData", "/users/0/name"], faults.Select(fault => fault.Text("pointer")).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(faults, fault => fault.Text("detail").Contains("the service's own account", StringComparison.Ordinal));
    }

    private static async Task StatAsync(HttpClient http, string vm) => await http.GetJsonAsync($"{vm}/files/stat?path=/etc");

    private static List<string> Account(FakeHost host, string vm) => Assert.Single(BootCommands(host, vm), words => words.Contains(ServiceAccount.Semaphore));

    private static IEnumerable<List<string>> BootCommands(FakeHost host, string vm) =>
        ((YamlSequenceNode)MergedUserData.Root(host.Hypervisor.Seeds[Rounds.Id(vm)].UserData).At("bootcmd")).Select(command => ((YamlSequenceNode)command).Select(word => ((YamlScalarNode)word).Value!).ToList());
}
