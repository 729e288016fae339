using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AutoProvision.Fakes;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>A spec file posted as it is.</summary>
public sealed class YamlBodyTests
{
    private const int Limit = 30_000;
    private const string Spec = """
        # A web server that is deleted tomorrow.
        name: web
        cpus: 1
        network: {name: lan}
        users:
          - name: ann
            sudo: true
        files:
          - path: /etc/motd
            mode: "0600"
            content: |
              Welcome.
        environment: {A: yes}
        labels:
          team: "1"
        expiresIn: 1d
        """;
    private const string SameSpec = """
        {"name": "web", "cpus": 1, "network": {"name": "lan"}, "users": [{"name": "ann", "sudo": true}], "expiresIn": "1d", "labels": {"team": "1"},
         "files": [{"path": "/etc/motd", "mode": "0600", "content": "Welcome.\n"}], "environment": {"A": "yes"}}
        """;

    [Theory(Timeout = Limit)]
    [InlineData("application/yaml")]
    [InlineData("application/yaml; charset=utf-8")]
    [InlineData("Application/YAML")]
    [InlineData("application/x-yaml")]
    [InlineData("text/yaml")]
    public async Task YAML_asks_for_the_same_as_JSON(string type)
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var http = app.CreateClient();
        http.DefaultRequestHeaders.Add("Idempotency-Key", "the same");

        using var response = await PostAsync(http, "/vms", Spec, type);
        await response.ReadJsonAsync(HttpStatusCode.Accepted);

        Assert.Equal(response.Headers.Location!.OriginalString, await http.CreateVmAsync(SameSpec));
        Assert.Equal("Welcome.\n", Assert.Single(Assert.Single(app.Get<VmService>().List()).Spec.Files).Content);
    }

    [Theory(Timeout = Limit)]
    [InlineData("name: ]", " yaml_malformed", "line 1")]
    [InlineData("name: a\nname: b", " yaml_malformed", "line 2")]
    [InlineData("- a", " type_mismatch", "an object")]
    [InlineData("just text", " type_mismatch", "an object")]
    [InlineData("", " type_mismatch", "an object")]
    [InlineData("cpus: '2'", "/cpus type_mismatch", "a whole number")]
    [InlineData("cpus: 1.0", "/cpus type_mismatch", "a whole number")]
    [InlineData("files: [{path: /a, content: '', mode: 644}]", "/files/0/mode type_mismatch", "a string")]
    [InlineData("users: [{name: ann, sudo: yes}]", "/users/0/sudo type_mismatch", "true or false")]
    [InlineData("labels: {a/b: 1}", "/labels/a~1b type_mismatch", "a string")]
    [InlineData("colour: red", "/colour field_unknown", "colour")]
    public async Task Faults_have_the_same_pointers_as_in_JSON(string body, string fault, string words)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        using var response = await PostAsync(http, "/vms", body + "\n", "application/yaml");

        var error = Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal(fault, $"{error.Text("pointer")} {error.Text("code")}");
        Assert.Contains(words, error.Text("detail"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Bytes_that_are_no_UTF8_are_malformed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var content = new ByteArrayContent([(byte)'a', (byte)':', (byte)' ', 0xFF]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/yaml");

        using var response = await http.PostAsync(new Uri("/vms", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal("yaml_malformed", (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors")[0].Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task Commands_can_be_sent_as_YAML_as_well()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["true"] = FakeAnswers.Of(3, "");
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");

        using var response = await PostAsync(http, $"{vm}/exec", "shell: \"true\"", "application/yaml");

        Assert.Equal(3, (await response.ReadJsonAsync()).GetProperty("exitCode").GetInt32());
    }

    [Fact(Timeout = Limit)]
    public async Task The_document_names_both_types_with_the_same_examples()
    {
        var document = await DocumentOperations.ReadAsync();

        var content = document.GetProperty("paths").GetProperty("/vms").GetProperty("post").GetProperty("requestBody").GetProperty("content");
        Assert.Equal(["application/json", "application/yaml"], content.EnumerateObject().Select(media => media.Name));
        Assert.True(JsonElement.DeepEquals(content.GetProperty("application/json"), content.GetProperty("application/yaml")));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path, string text, string type)
    {
        using var content = new StringContent(text);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }
}
