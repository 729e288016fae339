using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>Good values of every field reach the store, and the VM as it is shown.</summary>
public sealed class SpecFieldTests
{
    private const int Limit = 30_000;
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB me@laptop";

    public static TheoryData<string, string, string> Fields => new()
    {
        { """{"disks": [{"name": "a", "sizeGiB": 5, "mountPoint": "/srv/a"}, {"name": "b_2", "sizeGiB": 1024}]}""", "disks", """[{"name":"a","sizeGiB":5,"mountPoint":"/srv/a"},{"name":"b_2","sizeGiB":1024,"mountPoint":null}]""" },
        { """{"network": {"name": "lan", "address": "198.51.100.7"}}""", "network", """{"network":"lan","address":"198.51.100.7"}""" },
        { """{"network": {}}""", "network", """{"network":null,"address":null}""" },
        { """{"nics": [{"name": "bridge"}, {}, {"address": "192.0.2.200"}]}""", "nics", """[{"network":"bridge","address":null},{"network":null,"address":null},{"network":null,"address":"192.0.2.200"}]""" },
        { $$"""{"users": [{"name": "ann", "groups": ["docker", "adm"], "sudo": true, "shell": "/bin/sh", "authorizedKeys": ["{{Key}}"]}, {"name": "bob"}]}""", "users",
            $$"""[{"name":"ann","groups":["docker","adm"],"sudo":true,"shell":"/bin/sh","authorizedKeys":["{{Key}}"]},{"name":"bob","groups":[],"sudo":false,"shell":"/bin/bash","authorizedKeys":[]}]""" },
        { $$"""{"user": "ops", "authorizedKeys": ["{{Key}}"]}""", "authorizedKeys", $$"""["{{Key}}"]""" },
        { $$"""{"authorizedKeys": ["{{Key}}\n", "\uFEFF{{Key}}\r\n", " {{Key}} "]}""", "authorizedKeys", $$"""["{{Key}}","{{Key}}","{{Key}}"]""" },
        { $$"""{"authorizedKeys": ["restrict,pty {{Key}}", "from=\"10.0.0.0/8,!10.0.0.1\",Command=\"echo \\\"a b\\\"\"  {{Key}}"]}""", "authorizedKeys",
            $$"""["restrict,pty {{Key}}","from=\"10.0.0.0/8,!10.0.0.1\",Command=\"echo \\\"a b\\\"\"  {{Key}}"]""" },
        { """{"user": "jane.doe", "users": [{"name": "john.doe", "groups": ["john.doe", "a.b"]}], "files": [{"path": "/a", "content": "", "owner": "john.doe:a.b"}]}""", "user", "\"jane.doe\"" },
        { """{"userData": "I2Nsb3VkLWNvbmZpZwpwYWNrYWdlczogW2dpdF0K\n"}""", "userData", "\"#cloud-config\\npackages: [git]\\n\"" },
        { """{"files": [{"path": "/a", "contentBase64": "AP8="}, {"path": "/b", "content": ""}]}""", "files",
            """[{"path":"/a","content":"AP8=","owner":null,"mode":null,"isBase64":true},{"path":"/b","content":"","owner":null,"mode":null,"isBase64":false}]""" },
        { """{"bootCommands": ["true"], "runCommands": ["false"]}""", "bootCommands", """["true"]""" },
        { """{"timezone": "Europe/Vienna"}""", "timezone", "\"Europe/Vienna\"" },
        { """{"timezone": "UTC"}""", "timezone", "\"UTC\"" },
        { """{"swapMiB": 0}""", "swapMiB", "0" },
        { """{"swapMiB": 65536, "diskGiB": 65}""", "swapMiB", "65536" },
        { """{"environment": {"_B": "", "A1": "two words", "C": " "}}""", "environment", """{"A1":"two words","C":" ","_B":""}""" },
        { """{"userData": "#cloud-config\nssh_pwauth: false\n"}""", "userData", "\"#cloud-config\\nssh_pwauth: false\\n\"" },
        { """{"readinessChecks": [{"description": "It answers.", "command": "true", "timeoutSeconds": 3600, "hint": "Look."}, {"description": "b", "command": "c"}]}""", "readinessChecks",
            """[{"description":"It answers.","command":"true","timeoutSeconds":3600,"hint":"Look."},{"description":"b","command":"c","timeoutSeconds":60,"hint":null}]""" },
        { """{"timeouts": {"imageSeconds": 1, "domainSeconds": 2, "addressSeconds": 3, "sshSeconds": 4, "cloudInitSeconds": 86400}}""", "timeouts",
            """{"imageSeconds":1,"domainSeconds":2,"addressSeconds":3,"sshSeconds":4,"cloudInitSeconds":86400}""" },
    };

    [Theory(Timeout = Limit), MemberData(nameof(Fields))]
    public async Task A_good_value_is_in_the_spec(string body, string field, string expected)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        using var gate = new Waiting(host);

        await http.CreateVmAsync(body);

        var spec = JsonSerializer.SerializeToElement(Assert.Single(app.Get<VmService>().List()).Spec, JsonSerializerOptions.Web);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), spec.GetProperty(field)), spec.GetProperty(field).GetRawText());
    }

    [Fact(Timeout = Limit)]
    public async Task Labels_expiry_NICs_and_disks_are_shown()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        using var gate = new Waiting(host);

        var path = await http.CreateVmAsync("""
            {
              "labels": {"team": "a", "example.com/role": "", "Zone_1": "x.y-z"}, "expiresIn": "90m", "disks": [{"name": "a", "sizeGiB": 1}],
              "network": {"address": "192.0.2.50"}, "nics": [{"name": "lan", "address": "198.51.100.9"}, {"name": "bridge"}, {}]
            }
            """);

        var vm = await http.GetJsonAsync(path);
        new DocumentSchema(await DocumentOperations.ReadAsync()).Check(vm, "GET /vms/{id}", "200");
        Assert.Equal("""{"Zone_1":"x.y-z","example.com/role":"","team":"a"}""", vm.GetProperty("labels").GetRawText());
        Assert.Equal(host.Time.GetUtcNow() + TimeSpan.FromMinutes(90), vm.GetProperty("expiresAt").GetDateTimeOffset());
        Assert.Equal("""[{"name":"a","sizeGiB":1}]""", vm.GetProperty("disks").GetRawText());
        var nics = vm.GetProperty("nics").EnumerateArray().ToList();
        Assert.Equal(["192.0.2.50 -", "198.51.100.9 lan", "- bridge", "- -"], nics.Select(nic => $"{Or(nic, "address")} {Or(nic, "network")}"));
        Assert.Equal(vm.Text("mac"), nics[0].Text("mac"));
        Assert.Equal(4, nics.Select(nic => nic.Text("mac")).Distinct().Count());
        Assert.Empty(vm.GetProperty("addresses").EnumerateArray());
        Assert.False(vm.TryGetProperty("cloneOf", out _));
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_asks_for_nothing_has_none_of_it()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var vm = await http.UntilAsync(await http.CreateVmAsync(), "ready");

        Assert.All(["labels", "disks"], field => Assert.Contains(vm.GetProperty(field).GetRawText(), new[] { "[]", "{}" }));
        Assert.False(vm.TryGetProperty("expiresAt", out _));
        Assert.Equal($$"""[{"mac":"{{vm.Text("mac")}}","address":"{{vm.Text("address")}}"}]""", vm.GetProperty("nics").GetRawText());
    }

    [Fact(Timeout = Limit)]
    public async Task The_time_of_expiry_is_taken_as_it_is_whatever_its_offset()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        var vm = await http.GetJsonAsync(await http.CreateVmAsync("""{"expiresAt": "2026-01-02T05:04:06.5+02:00"}"""));

        Assert.Equal("2026-01-02T03:04:06.5+00:00", vm.Text("expiresAt"));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_asked_for_survives_a_restart()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var gate = new Waiting(host);
        using (var http = app.CreateClient())
            await http.CreateVmAsync("""
                {
                  "labels": {"a": "1"}, "expiresIn": "1h", "environment": {"A": "b"}, "nics": [{"name": "lan"}], "users": [{"name": "ann", "groups": ["adm"]}],
                  "disks": [{"name": "a", "sizeGiB": 1}], "timeouts": {"sshSeconds": 9}, "readinessChecks": [{"description": "a", "command": "b"}], "swapMiB": 1
                }
                """);
        var before = JsonSerializer.Serialize(Assert.Single(app.Get<VmService>().List()) with { Begun = [], Version = 0, Step = null, State = VmState.Queued });

        var next = await host.KillAndStartAsync(app);

        Assert.Equal(before, JsonSerializer.Serialize(Assert.Single(next.Get<VmService>().List()) with { Begun = [], Version = 0, Step = null, State = VmState.Queued }));
    }

    [Fact(Timeout = Limit)]
    public async Task The_order_in_a_map_does_not_make_another_request()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        http.DefaultRequestHeaders.Add("Idempotency-Key", "k");

        var first = await http.CreateVmAsync("""{"labels": {"a": "1", "b": "2"}, "expiresIn": "1h"}""");
        host.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(first, await http.CreateVmAsync("""{"expiresIn": "1h", "labels": {"b": "2", "a": "1"}}"""));
    }

    private static string Or(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString()! : "-";

    /// <summary>Keeps VMs from being made, so that what is seen is what was asked for.</summary>
    private sealed class Waiting(FakeHost host) : IDisposable
    {
        private readonly Gate _gate = host.Steps.BlockAt(FaultyStep.Before("image"));

        public void Dispose() => _gate.Open();
    }
}
