using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>Bad values in every field of a request.</summary>
public sealed partial class SpecFaultTests
{
    private const int Limit = 30_000;
    private const string WrongEverywhere = """
        {
          "name": "-Bad_", "image": "windows", "cpus": 0, "memoryMiB": 1, "diskGiB": 0, "user": "root", "colour": "red",
          "authorizedKeys": ["nonsense"], "packages": ["git; reboot"], "runCommands": [""], "bootCommands": ["true", " "],
          "files": [
            {"path": "relative", "mode": "99", "owner": "a b", "size": 1},
            {"path": "/a", "content": "x", "contentBase64": "eA=="},
            {"path": "/b", "contentBase64": "?"},
            {"path": "/c", "contentBase64": 7}
          ],
          "hosts": [{"address": "1.2.3", "names": []}, {"address": "10.0.0.1", "names": ["-bad"]}], "networkConfig": "version: 9",
          "network": {"name": "a,b", "address": "10.0.0.256"},
          "nics": [{"name": "-x", "address": "fd00::5"}, {"address": "10.0.0.5"}, {"address": "10.0.0.5", "mac": "x"}],
          "disks": [
            {"name": "a name", "sizeGiB": 0, "mountPoint": "/"}, {}, {"name": "this-name-is-too-long", "sizeGiB": 99999, "mountPoint": "/a b"},
            {"name": "same", "sizeGiB": 1, "mountPoint": "/srv"}, {"name": "same", "sizeGiB": 1, "mountPoint": "/srv"}
          ],
          "users": [
            {"name": "root"}, {"name": "tester"}, {}, {"name": "Bad", "groups": ["a b"], "sudo": "yes", "shell": "sh", "authorizedKeys": ["x"]},
            {"name": "ann"}, {"name": "ann"}
          ],
          "timezone": "W. Europe Standard Time", "swapMiB": 65537,
          "environment": {"1A": "x", "OK": "two\nlines", "N": 1, "a/b~c": "x"},
          "userData": " ", "labels": {"-a": "x", "b": "no spaces", "c": true, "a/b/c": ""},
          "expiresIn": "3600", "expiresAt": "tomorrow",
          "readinessChecks": [{}, {"description": "", "command": " ", "timeoutSeconds": 3601, "hint": "\u0000"}],
          "timeouts": {"imageSeconds": 0, "domainSeconds": 86401, "addressSeconds": -1, "sshSeconds": "x", "cloudInitSeconds": 1.5, "bootSeconds": 1}
        }
        """;

    private static readonly string[] AllFaults =
    [
        "/authorizedKeys/0 key_invalid", "/bootCommands/1 command_invalid", "/colour field_unknown", "/cpus out_of_range", "/diskGiB out_of_range",
        "/disks/0/mountPoint path_invalid", "/disks/0/name name_invalid", "/disks/0/sizeGiB out_of_range", "/disks/1/name required", "/disks/1/sizeGiB required",
        "/disks/2/mountPoint path_invalid", "/disks/2/name name_invalid", "/disks/2/sizeGiB out_of_range", "/disks/4/mountPoint given_twice", "/disks/4/name given_twice",
        "/environment/1A environment_invalid", "/environment/N type_mismatch", "/environment/OK environment_invalid", "/environment/a~1b~0c environment_invalid",
        "/expiresAt type_mismatch", "/expiresIn expiry_invalid",
        "/files/0/content required", "/files/0/mode mode_invalid", "/files/0/owner owner_invalid", "/files/0/path path_invalid", "/files/0/size field_unknown",
        "/files/1/contentBase64 required", "/files/2/contentBase64 base64_invalid", "/files/3/contentBase64 type_mismatch",
        "/hosts/0/address address_invalid", "/hosts/0/names required", "/hosts/1/names/0 name_invalid", "/image image_unknown",
        "/labels/-a label_invalid", "/labels/a~1b~1c label_invalid", "/labels/b label_invalid", "/labels/c type_mismatch", "/memoryMiB out_of_range", "/name name_invalid",
        "/network/address address_invalid", "/network/name name_invalid", "/networkConfig network_config_invalid",
        "/nics/0/address address_invalid", "/nics/0/name name_invalid", "/nics/1/address address_outside_network", "/nics/2/address given_twice", "/nics/2/mac field_unknown", "/packages/0 package_invalid",
        "/readinessChecks/0/command required", "/readinessChecks/0/description required", "/readinessChecks/1/command command_invalid",
        "/readinessChecks/1/description text_invalid", "/readinessChecks/1/hint text_invalid", "/readinessChecks/1/timeoutSeconds out_of_range",
        "/runCommands/0 command_invalid", "/swapMiB out_of_range",
        "/timeouts/addressSeconds out_of_range", "/timeouts/bootSeconds field_unknown", "/timeouts/cloudInitSeconds type_mismatch",
        "/timeouts/domainSeconds out_of_range", "/timeouts/imageSeconds out_of_range", "/timeouts/sshSeconds type_mismatch", "/timezone timezone_unknown",
        "/user user_invalid", "/userData user_data_invalid",
        "/users/0/name user_invalid", "/users/2/name required", "/users/3/authorizedKeys/0 key_invalid", "/users/3/groups/0 group_invalid",
        "/users/3/name user_invalid", "/users/3/shell path_invalid", "/users/3/sudo type_mismatch", "/users/5/name given_twice",
    ];

    public static TheoryData<string, string> TooMany => new()
    {
        { $$"""{"disks": [{{Many(9, index => $$"""{"name": "d{{index}}", "sizeGiB": 1}""")}}]}""", "/disks" },
        { $$"""{"nics": [{{Many(8, _ => "{}")}}]}""", "/nics" },
        { $$"""{"readinessChecks": [{{Many(17, _ => """{"description": "a", "command": "true"}""")}}]}""", "/readinessChecks" },
        { $$"""{"authorizedKeys": [{{Many(257, _ => "\"\"")}}]}""", "/authorizedKeys" },
        { $$"""{"users": [{{Many(65, _ => "{}")}}]}""", "/users" },
        { $$"""{"users": [{"name": "ann", "groups": [{{Many(65, _ => "\"\"")}}]}]}""", "/users/0/groups" },
        { $$"""{"users": [{"name": "ann", "authorizedKeys": [{{Many(257, _ => "\"\"")}}]}]}""", "/users/0/authorizedKeys" },
        { $$"""{"packages": [{{Many(1001, _ => "1")}}]}""", "/packages" },
        { $$"""{"files": [{{Many(1001, _ => "{}")}}]}""", "/files" },
        { $$"""{"hosts": [{{Many(1001, _ => "[]")}}]}""", "/hosts" },
        { $$"""{"hosts": [{"address": "::1", "names": [{{Many(65, _ => "\"\"")}}]}]}""", "/hosts/0/names" },
        { $$"""{"bootCommands": [{{Many(1001, _ => "\"\"")}}]}""", "/bootCommands" },
        { $$"""{"runCommands": [{{Many(1001, _ => "\"\"")}}]}""", "/runCommands" },
        { "{\"environment\": {" + Many(257, index => $"\"1{index}\": 1") + "}}", "/environment" },
        { "{\"labels\": {" + Many(65, index => $"\"k{index}\": \"\"") + "}}", "/labels" },
    };

    [Theory(Timeout = Limit)]
    [InlineData("application/json")]
    [InlineData("application/yaml")]
    public async Task Every_field_wrong_at_once_gives_one_answer_that_names_all(string type)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();

        using var response = await http.PostTextAsync("/vms", WrongEverywhere, type);

        Assert.Equal(AllFaults, Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)).Order(StringComparer.Ordinal));
        Assert.Empty(app.Get<VmService>().List());
    }

    [Fact]
    public void Every_field_of_a_request_is_wrong_once()
    {
        // Without places in lists: "/users/3/name user_invalid" is "/users/name".
        var wrong = AllFaults.Select(fault => Place().Replace(fault.Split(' ')[0], "")).ToHashSet();
        Assert.All(Fields(typeof(VmRequest), ""), field => Assert.True(wrong.Contains(field) || wrong.Any(pointer => pointer.StartsWith(field + "/", StringComparison.Ordinal)), $"{field} is nowhere wrong."));
    }

    private static IEnumerable<string> Fields(Type type, string pointer) => type.GetProperties().SelectMany(field =>
    {
        var name = $"{pointer}/{char.ToLowerInvariant(field.Name[0])}{field.Name[1..]}";
        var inner = field.PropertyType.IsGenericType ? field.PropertyType.GetGenericArguments()[^1] : field.PropertyType;
        return inner.Namespace == typeof(VmRequest).Namespace ? Fields(inner, name).Prepend(name) : [name];
    });

    [GeneratedRegex("/[0-9]+(?=/|$)")]
    private static partial Regex Place();

    [Fact(Timeout = Limit)]
    public async Task A_network_that_is_not_there_is_named_with_the_others_where_the_hypervisor_can_tell()
    {
        const string Body = """{"cpus": 0, "network": {"name": "nowhere"}, "nics": [{"name": "bridge", "address": "192.0.2.9"}, {"address": "203.0.113.9"}]}""";
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using (var response = await http.PostJsonAsync("/vms", Body))
            Assert.Equal(["/cpus out_of_range", "/network/name network_unknown", "/nics/0/address network_without_dhcp", "/nics/1/address address_outside_network"],
                Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
        host.Hypervisor.IsDown = true;
        using (var response = await http.PostJsonAsync("/vms", Body))
            Assert.Equal(["/cpus out_of_range"], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Theory(Timeout = Limit), MemberData(nameof(TooMany))]
    public async Task Lists_have_an_end(string body, string pointer)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        Assert.Equal([$"{pointer} too_many"], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"user": "ops", "users": [{"name": "ops"}]}""", "/users/0/name user_invalid")]
    [InlineData("""{"users": [{"name": "tester"}]}""", "/users/0/name user_invalid")]
    [InlineData("""{"network": {"address": "192.0.2.9"}, "nics": [{"address": "192.0.2.9"}]}""", "/nics/0/address given_twice")]
    [InlineData("""{"network": "lan"}""", "/network type_mismatch")]
    [InlineData("""{"userData": "#cloud-config\nusers: [{name: tester}]\n"}""", "/userData user_data_invalid")]
    [InlineData("""{"users": [{"name": "ann"}], "userData": "#cloud-config\nusers: [{name: ann}]\n"}""", "/userData user_data_invalid")]
    [InlineData("""{"userData": "just text"}""", "/userData user_data_invalid")]
    [InlineData("""{"labels": ["a"]}""", "/labels type_mismatch")]
    [InlineData("""{"labels": {"a": null}}""", "/labels/a type_mismatch")]
    [InlineData("""{"environment": {"A": "\u001b[0m"}}""", "/environment/A environment_invalid")]
    [InlineData("""{"environment": {"A": "\n"}}""", "/environment/A environment_invalid")]
    [InlineData("""{"environment": {"HOME": "/x"}}""", "/environment/HOME environment_invalid")]
    [InlineData("""{"environment": {"A": "b#c"}}""", "/environment/A environment_invalid")]
    [InlineData("""{"environment": {"A": "\"b\""}}""", "/environment/A environment_invalid")]
    [InlineData("""{"disks": [{"name": "d", "sizeGiB": 1, "mountPoint": "/srv/a,b"}]}""", "/disks/0/mountPoint path_invalid")]
    [InlineData("""{"user": "default"}""", "/user user_invalid")]
    [InlineData("""{"users": [{"name": "default"}]}""", "/users/0/name user_invalid")]
    [InlineData("""{"timezone": "zone.tab"}""", "/timezone timezone_unknown")]
    [InlineData("""{"timezone": "../../../etc/localtime"}""", "/timezone timezone_unknown")]
    [InlineData("""{"timezone": "Europe"}""", "/timezone timezone_unknown")]
    [InlineData("""{"timezone": "Europe/Atlantis"}""", "/timezone timezone_unknown")]
    [InlineData("""{"timezone": "Romance Standard Time"}""", "/timezone timezone_unknown")]
    [InlineData("""{"expiresIn": "2h", "expiresAt": "2026-02-01T00:00:00Z"}""", "/expiresIn expiry_invalid")]
    [InlineData("""{"expiresAt": "2026-02-01"}""", "/expiresAt type_mismatch")]
    [InlineData("""{"expiresAt": "2026-02-01T00:00:00"}""", "/expiresAt type_mismatch")]
    [InlineData("""{"expiresAt": "2026-02-30T00:00:00Z"}""", "/expiresAt type_mismatch")]
    [InlineData("""{"expiresAt": 1800000000}""", "/expiresAt type_mismatch")]
    [InlineData("""{"expiresAt": "2026-01-02T03:04:05Z"}""", "/expiresAt expiry_invalid")]
    [InlineData("""{"expiresAt": "2036-02-01T00:00:00Z"}""", "/expiresAt expiry_invalid")]
    [InlineData("""{"expiresIn": 3600}""", "/expiresIn type_mismatch")]
    [InlineData("""{"disks": [{"name": "d", "sizeGiB": 1, "mountPoint": "/etc/ssh"}]}""", "/disks/0/mountPoint path_invalid")]
    [InlineData("""{"nics": ["lan"]}""", "/nics/0 type_mismatch")]
    [InlineData("""{"packages": [null]}""", "/packages/0 type_mismatch")]
    [InlineData("""{"diskGiB": 4, "swapMiB": 3073}""", "/swapMiB out_of_range")]
    [InlineData("""{"diskGiB": 0, "swapMiB": 64}""", "/diskGiB out_of_range")]
    [InlineData("""{"authorizedKeys": ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["ssh-ed25519 AAAAB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["restrict,no-such ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["from ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["restrict, pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["command=\"a ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEe"]}""", "/authorizedKeys/0 key_invalid")]
    [InlineData("""{"environment": {"A": "1"}, "userData": "#cloud-config\nwrite_files: [{path: /etc/environment, content: x}]"}""", "/userData user_data_invalid")]
    [InlineData("""{"hosts": [{"address": "10.0.0.1", "names": ["a"]}], "userData": "#cloud-config\nwrite_files: [{path: /etc/hosts, content: x}]"}""", "/userData user_data_invalid")]
    [InlineData("""{"files": [{"path": "/a", "content": ""}], "userData": "#cloud-config\nwrite_files: [{path: /a, content: x}]"}""", "/userData user_data_invalid")]
    [InlineData("""{"users": [{"name": "bob"}], "userData": "#cloud-config\nwrite_files: [{path: /home/bob/.ssh/authorized_keys, content: x}]"}""", "/userData user_data_invalid")]
    public async Task One_fault_is_told_once(string body, string fault)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        Assert.Equal([fault], Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"authorizedKeys": ["nonsense", 5]}""", "/authorizedKeys/0 key_invalid", "/authorizedKeys/1 type_mismatch")]
    [InlineData("""{"packages": ["git; reboot", true, "vim", null]}""", "/packages/0 package_invalid", "/packages/1 type_mismatch", "/packages/3 type_mismatch")]
    [InlineData("""{"disks": [{"name": "BAD NAME", "sizeGiB": 0}, "x"]}""", "/disks/0/name name_invalid", "/disks/0/sizeGiB out_of_range", "/disks/1 type_mismatch")]
    [InlineData("""{"users": ["ann", {"name": "Bad", "groups": [1, "a b"]}]}""", "/users/0 type_mismatch", "/users/1/groups/0 type_mismatch", "/users/1/groups/1 group_invalid", "/users/1/name user_invalid")]
    [InlineData("""{"files": [7, {"path": "a", "content": ""}], "hosts": [[], {"address": "1.2.3", "names": ["-", 5]}]}""",
        "/files/0 type_mismatch", "/files/1/path path_invalid", "/hosts/0 type_mismatch", "/hosts/1/address address_invalid", "/hosts/1/names/0 name_invalid", "/hosts/1/names/1 type_mismatch")]
    public async Task An_item_of_the_wrong_type_hides_no_fault_of_its_neighbours(string body, params string[] faults)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", body);

        Assert.Equal(faults, Faults(await response.ReadProblemAsync(HttpStatusCode.BadRequest)).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Faults(JsonElement problem) =>
        problem.GetProperty("errors").EnumerateArray().Select(fault => $"{fault.Text("pointer")} {fault.Text("code")}");

    private static string Many(int count, Func<int, string> item) => string.Join(", ", Enumerable.Range(0, count).Select(item));
}
