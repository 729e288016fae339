using System.Net;
using System.Text;
using AutoProvision.Fakes;

namespace AutoProvision.Api;

public sealed class ExecTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("""{"shell": "echo $HOME | wc -c"}""", "echo $HOME | wc -c")]
    [InlineData("""{"command": ["echo", "$HOME", "it's", ""]}""", "echo '$HOME' 'it'\\''s' ''")]
    public async Task A_shell_line_goes_as_it_is_and_an_argument_list_is_quoted(string body, string line)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers[line] = FakeAnswers.Of(0, "as wanted");
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");

        using var response = await http.PostJsonAsync($"{vm}/exec", body);

        Assert.Equal("as wanted", (await response.ReadJsonAsync()).Text("stdout"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"stdin\": \"grüße\"", "grüße")]
    [InlineData("\"stdinBase64\": \"eHl6\"", "xyz")]
    public async Task Every_field_of_a_command_reaches_it_and_an_answer_that_was_cut_says_so(string stdin, string input)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Guests.Answers["cat"] = FakeAnswers.Of(3, "", "err") with { ExitCode = null, MayStillRun = true, Signal = "KILL", TimedOut = true, StdoutBytes = new byte[] { 0xFF, 0x21 } };
        var vm = await http.ReadyVmAsync();

        using var response = await http.PostJsonAsync($"{vm}/exec", $$"""
            {"shell": "cat", {{stdin}}, "env": {"A": "1", "B": "two words"}, "cwd": "/srv/app", "user": "www-data", "timeoutSeconds": 7, "maxOutputBytes": 1}
            """);

        Assert.Equal(
            """{"signal":"KILL","stdout":"�","stderr":"e","stdoutBase64":"/w==","durationMs":12,"timedOut":true,"mayStillRun":true,"truncated":true,"truncatedBy":"maxOutputBytes"}""",
            (await response.ReadJsonAsync()).GetRawText());
        var request = host.Guests.Requests.Single(it => it.Command == "cat");
        Assert.Equal(("/srv/app", "www-data", TimeSpan.FromSeconds(7), 1), (request.Directory, request.User, request.Timeout, request.MaxOutputBytes));
        Assert.Equal(["A=1", "B=two words"], request.Environment.Select(it => $"{it.Key}={it.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(input, Encoding.UTF8.GetString(request.Stdin.Span));
    }

    [Fact(Timeout = Limit)]
    public async Task A_key_that_is_gone_is_a_failure_of_its_own()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        Directory.Delete(Path.Combine(host.DataDirectory, "keys"), recursive: true);

        using var response = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");

        Assert.Equal("key_missing", (await response.ReadProblemAsync(HttpStatusCode.InternalServerError)).Text("code"));
    }

    [Theory(Timeout = Limit)]
    [InlineData("{}", "/command required")]
    [InlineData("""{"shell": "a", "command": ["b"]}""", "/shell required")]
    [InlineData("""{"command": []}""", "/command required")]
    [InlineData("""{"command": [""]}""", "/command required")]
    [InlineData("""{"command": "ls"}""", "/command type_mismatch")]
    [InlineData("""{"command": [5, "a"]}""", "/command/0 type_mismatch")]
    [InlineData("""{"command": ["ls", null]}""", "/command/1 type_mismatch")]
    [InlineData("""{"shell": "a\u0000b"}""", "/shell command_invalid")]
    [InlineData("""{"shell": "a", "timeoutSeconds": 0}""", "/timeoutSeconds out_of_range")]
    [InlineData("""{"shell": "a", "tty": true}""", "/tty field_unknown")]
    [InlineData("null", " type_mismatch")]
    [InlineData("""{"shell": "a", "env": {"1A": "x"}}""", "/env/1A env_name_invalid")]
    [InlineData("""{"shell": "a", "env": {"A=B": "x"}}""", "/env/A=B env_name_invalid")]
    [InlineData("""{"shell": "a", "env": {"PPID": "1"}}""", "/env/PPID env_name_invalid")]
    [InlineData("""{"shell": "a", "env": {"A": "x\u0000"}}""", "/env/A env_value_invalid")]
    [InlineData("""{"shell": "a", "env": {"A": null}}""", "/env/A type_mismatch")]
    [InlineData("""{"shell": "a", "env": ["A=1"]}""", "/env type_mismatch")]
    [InlineData("""{"shell": "a", "cwd": "srv"}""", "/cwd path_invalid")]
    [InlineData("""{"shell": "a", "user": "-u root"}""", "/user user_invalid")]
    [InlineData("""{"shell": "a", "user": "#0"}""", "/user user_invalid")]
    [InlineData("""{"shell": "a", "stdin": "x", "stdinBase64": "eA=="}""", "/stdinBase64 field_conflict")]
    [InlineData("""{"shell": "a", "stdinBase64": "x"}""", "/stdinBase64 base64_invalid")]
    [InlineData("""{"shell": "a", "maxOutputBytes": -1}""", "/maxOutputBytes out_of_range")]
    [InlineData("""{"shell": "a", "maxOutputBytes": 67108865}""", "/maxOutputBytes out_of_range")]
    public async Task A_command_of_the_wrong_shape_is_refused(string body, string fault)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();

        using var response = await http.PostJsonAsync($"{vm}/exec", body);

        var error = Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal(fault, $"{error.Text("pointer")} {error.Text("code")}");
    }

    [Fact(Timeout = Limit)]
    public async Task Every_fault_of_a_command_is_told_at_once()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();

        using var response = await http.PostJsonAsync($"{vm}/exec", """{"command": [""], "env": {"A B": "x"}, "cwd": "", "user": "", "stdinBase64": "-", "timeoutSeconds": 0, "maxOutputBytes": -1, "tty": 1}""");

        var faults = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray().Select(fault => fault.Text("pointer"));
        Assert.Equal(["/command", "/cwd", "/env/A B", "/maxOutputBytes", "/stdinBase64", "/timeoutSeconds", "/tty", "/user"], faults.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_command_longer_than_can_be_sent_is_refused()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();

        using var response = await http.PostJsonAsync($"{vm}/exec", $$"""{"shell": "{{new string('a', 65536)}}"}""");

        var fault = Assert.Single((await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal("/shell command_too_long", $"{fault.Text("pointer")} {fault.Text("code")}");
    }

    [Fact(Timeout = Limit)]
    public async Task A_VM_that_is_not_up_yet_conflicts()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var gate = host.Steps.BlockAt(FaultyStep.Before("address"));
        var vm = await http.CreateVmAsync();
        await gate.ReachedAsync();

        using var exec = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");
        using var ssh = await http.GetAsync(new Uri($"{vm}/ssh", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("vm_not_ready", (await exec.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
        Assert.Equal("vm_not_ready", (await ssh.ReadProblemAsync(HttpStatusCode.Conflict)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_guest_that_is_gone_is_a_bad_gateway()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        await http.UntilAsync(vm, "ready");
        host.Hypervisor.Domains.Clear();

        using var response = await http.PostJsonAsync($"{vm}/exec", """{"shell": "true"}""");

        Assert.Equal("ssh_unreachable", (await response.ReadProblemAsync(HttpStatusCode.BadGateway)).Text("code"));
    }

    [Fact(Timeout = Limit)]
    public async Task Plain_ssh_is_told_all_that_it_needs_and_no_secret()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.CreateVmAsync();
        var ready = await http.UntilAsync(vm, "ready");

        var access = await http.GetJsonAsync($"{vm}/ssh");

        Assert.Equal(("192.0.2.2", 22, "tester"), (access.Text("host"), access.GetProperty("port").GetInt32(), access.Text("user")));
        Assert.Equal($"192.0.2.2 {string.Join(' ', ready.Text("hostKey").Split(' ')[..2])}", access.Text("knownHosts"));
        Assert.Equal(access.Text("knownHosts") + "\n", await File.ReadAllTextAsync(access.Text("knownHostsFile"), TestContext.Current.CancellationToken));
        Assert.Contains("StrictHostKeyChecking=yes", access.Text("command"), StringComparison.Ordinal);
        Assert.Equal($"""
            Host {ready.Text("name")}
                HostName 192.0.2.2
                Port 22
                User tester
                IdentityFile "{access.Text("identityFile")}"
                IdentitiesOnly yes
                UserKnownHostsFile "{access.Text("knownHostsFile")}"
                StrictHostKeyChecking yes

            """, access.Text("config"));
        Assert.True(File.Exists(access.Text("identityFile")));
        Assert.DoesNotContain("PRIVATE KEY", access.GetRawText(), StringComparison.Ordinal);
    }
}
