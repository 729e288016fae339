using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.HostTests.Support;

/// <summary>
/// What commands and terminals in a guest must do, asked for over the API alone: a loopback sshd and a real guest prove the same.
/// </summary>
/// <param name="http">The service.</param>
/// <param name="vm">Path of a ready VM.</param>
internal sealed class GuestProofs(HttpClient http, string vm)
{
    private const string Loop = "i=0; while [ $i -lt 3000 ]; do head -c 100000 /dev/zero; i=$((i+1)); echo $i >PROGRESS; done";

    public string Vm => vm;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>100 MB of random bytes, against the hash that the guest made of them.</summary>
    public async Task ManyBytesArriveExactlyAsync()
    {
        using var response = await http.OpenExecAsync(vm, Json(new { shell = "f=$(mktemp); head -c 100000000 /dev/urandom >$f; sha256sum <$f >&2; cat $f; rm $f" }), Cancellation);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (length, told, exit) = (0L, "", default(JsonElement));
        await foreach (var item in response.ReadExecAsync())
        {
            if (item.EventType == "stdout")
            {
                var bytes = Bytes(item.Data);
                hash.AppendData(bytes);
                length += bytes.Length;
            }
            else if (item.EventType == "stderr")
                told += item.Data.Text("data");
            exit = item.Data;
        }
        Assert.Equal((100_000_000, told[..64]), (length, Convert.ToHexStringLower(hash.GetHashAndReset())));
        Assert.Equal((0, false, false), (exit.GetProperty("code").GetInt32(), exit.GetProperty("timedOut").GetBoolean(), exit.GetProperty("truncated").GetBoolean()));
    }

    /// <summary>Bytes that are no text come in both kinds of answer as they were.</summary>
    public async Task BytesThatAreNoTextArriveAsync()
    {
        var answer = await ExecAsync(new { shell = "printf 'a\\377b'; echo grün >&2" });
        Assert.Equal(("a\uFFFDb", "Yf9i", "grün\n", false),
            (answer.Text("stdout"), answer.Text("stdoutBase64"), answer.Text("stderr"), answer.TryGetProperty("stderrBase64", out _)));
        var events = await http.StreamExecAsync(vm, Json(new { shell = "printf 'gr\\303'; sleep 0.2; printf '\\274n'; printf '\\377'" }));
        Assert.Equal("6772C3BC6EFF", Convert.ToHexString([.. events.Where(item => item.EventType == "stdout").SelectMany(item => Bytes(item.Data))]));
        Assert.Equal(("started", "exit"), (events[0].EventType, events[^1].EventType));
        Assert.True(events[0].Data.GetProperty("pid").GetInt32() > 1);
    }

    /// <summary>Variables, directory, another user, input.</summary>
    /// <param name="other">A user of the guest who is neither root nor the VM's own.</param>
    public async Task PlaceAndUserAreAsWantedAsync(string other)
    {
        var value = "it's \"$HOME\" `x` \\ \n\tü€ ";
        foreach (var user in (string?[])[null, "root", other])
        {
            var answer = await ExecAsync(new { shell = "printf '%s|' \"$PWD\" \"$IT\"; cat; id -un >&2; exit 7", env = new Dictionary<string, string> { ["IT"] = value }, cwd = "/usr/share", user, stdin = "in ü" });
            Assert.Equal((7, $"/usr/share|{value}|in ü"), (answer.GetProperty("exitCode").GetInt32(), answer.Text("stdout")));
            if (user is not null)
                Assert.Equal(user + "\n", answer.Text("stderr"));
        }
        Assert.Equal("exec_cwd_unusable", await RefusalAsync(new { shell = "true", cwd = "/no such" }));
        Assert.Equal("exec_cwd_unusable", await RefusalAsync(new { shell = "true", cwd = "/root", user = other }));
        Assert.Equal("exec_user_refused", await RefusalAsync(new { shell = "true", user = "nobody-of-that-name" }));
    }

    /// <summary>Input beyond sshd's window, taken late or never.</summary>
    public async Task LargeInputNeverHangsAsync()
    {
        // About as much as a body holds: base64, with its "+" escaped.
        var bytes = RandomNumberGenerator.GetBytes(2_800_000);
        var input = Convert.ToBase64String(bytes);
        var late = await ExecAsync(new { shell = "sleep 2; sha256sum", stdinBase64 = input });
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), late.Text("stdout")[..64]);
        var streamed = await http.StreamExecAsync(vm, Json(new { shell = "sleep 2; sha256sum", stdinBase64 = input }));
        Assert.Equal(late.Text("stdout"), string.Concat(streamed.Where(item => item.EventType == "stdout").Select(item => item.Data.Text("data"))));
        Assert.Equal(0, streamed[^1].Data.GetProperty("code").GetInt32());
        var never = await ExecAsync(new { shell = "echo done", stdinBase64 = input });
        Assert.Equal((0, "done\n"), (never.GetProperty("exitCode").GetInt32(), never.Text("stdout")));
        var stuck = await ExecAsync(new { shell = "sleep 300", stdinBase64 = input, timeoutSeconds = 1 });
        Assert.True(stuck.GetProperty("timedOut").GetBoolean());
    }

    /// <summary>The end of its time ends the command and what it began, also as another user and with its input open.</summary>
    public async Task ATimeoutEndsItAllAsync(string other)
    {
        foreach (var user in (string?[])[null, other])
        {
            var seconds = UniqueSeconds();
            var events = await http.StreamExecAsync(vm, Json(new { shell = $"echo begun; sh -c 'trap \"\" TERM; sleep {seconds}; true' & wait", user, stdin = "x", timeoutSeconds = 2 }));
            Assert.Equal("begun\n", string.Concat(events.Where(item => item.EventType == "stdout").Select(item => item.Data.Text("data"))));
            Assert.True(events[^1].Data.GetProperty("timedOut").GetBoolean());
            await UntilGoneAsync(seconds);
        }
    }

    /// <summary>Children that lead a process group of their own end with the command.</summary>
    public async Task ATimeoutEndsOtherGroupsTooAsync()
    {
        var (stubborn, monitored) = (UniqueSeconds(), UniqueSeconds());
        var answer = await ExecAsync(new { shell = $"set -m; sh -c 'trap \"\" TERM; timeout 9999 sleep {stubborn}; true' & sleep {monitored} & wait; true", timeoutSeconds = 2 });
        Assert.True(answer.GetProperty("timedOut").GetBoolean());
        await UntilGoneAsync(stubborn);
        await UntilGoneAsync(monitored);
    }

    /// <summary>A caller that hangs up ends the command, be its answer a stream or not.</summary>
    public async Task HangingUpEndsItAsync(bool isStream)
    {
        var seconds = UniqueSeconds();
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var body = Json(new { shell = $"echo begun; sleep {seconds} & sleep {seconds}" });
        var calling = isStream ? http.OpenExecAsync(vm, body, caller.Token)
            : http.PostAsync(new Uri($"{vm}/exec", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), caller.Token);
        await UntilAsync(async () => await CountAsync(seconds) == 2, "the command runs");
        await caller.CancelAsync();
        if (isStream)
            (await calling).Dispose();
        else
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await UntilGoneAsync(seconds);
    }

    /// <summary>The answer comes when the shell has exited; what it left in the background, and its output, are neither waited for nor ended.</summary>
    /// <param name="chatter">Something else to leave there, which prints.</param>
    public async Task ABackgroundProcessGoesOnAsync(string chatter)
    {
        var seconds = UniqueSeconds();
        // A second shell is the parent of all: what prints ends with its output. What a flood comes to is not passed on: as events it would take
        // longer than the command's time.
        var body = new { shell = $"{chatter} sleep {seconds} & {(chatter.StartsWith("exec", StringComparison.Ordinal) ? "" : "echo started;")} exit 3", timeoutSeconds = 100, maxOutputBytes = 100_000 };
        var answer = await ExecAsync(body);
        var events = await http.StreamExecAsync(vm, Json(body));

        Assert.Equal((3, false), (answer.GetProperty("exitCode").GetInt32(), answer.GetProperty("timedOut").GetBoolean()));
        Assert.Equal(("exit", 3, false), (events[^1].EventType, events[^1].Data.GetProperty("code").GetInt32(), events[^1].Data.GetProperty("timedOut").GetBoolean()));
        if (!chatter.StartsWith("exec", StringComparison.Ordinal))
        {
            Assert.Contains("started\n", answer.Text("stdout"), StringComparison.Ordinal);
            Assert.Contains("started\n", string.Concat(events.Where(item => item.EventType == "stdout").Select(item => item.Data.Text("data"))), StringComparison.Ordinal);
        }
        Assert.Equal(2, await CountAsync(seconds));
        await ExecAsync(new { shell = $"pkill -xf 'sleep {seconds}'" });
        await UntilGoneAsync(seconds);
    }

    /// <summary>sshd tells an exit before all output is sent; in the background nothing is left.</summary>
    public async Task LateOutputIsWholeAsync()
    {
        var lengths = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            (await ExecAsync(new { shell = "head -c 30000000 /dev/zero | tr '\\0' x; echo", maxOutputBytes = 40_000_000 })).Text("stdout").Length));
        Assert.All(lengths, length => Assert.Equal(30_000_001, length));
    }

    /// <summary>What is promised, and the most, arrive; one byte more is a bad request.</summary>
    public async Task TheLongestTextRunsAsync()
    {
        const int Promised = 48 * 1024;
        var promised = await ExecAsync(new { shell = $": {new string('x', Promised / 2)}; echo ${{#IT}}", env = new Dictionary<string, string> { ["IT"] = new('y', Promised / 2 - 100) } });
        Assert.Equal($"{Promised / 2 - 100}\n", promised.Text("stdout"));
        using var over = await http.PostJsonAsync($"{vm}/exec", Json(new { shell = "echo " + new string('x', 70_000) }));
        var told = Assert.Single((await over.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray());
        Assert.Equal("command_too_long", told.Text("code"));
        // What is sent around the command's own text is counted, too.
        var around = int.Parse(told.Text("detail").Split(' ').First(word => word.All(char.IsAsciiDigit)), System.Globalization.CultureInfo.InvariantCulture) - 70_005;
        var most = 64 * 1024 - around - 5;
        foreach (var isStream in (bool[])[false, true])
        {
            var body = Json(new { shell = "echo " + new string('x', most) });
            var stdout = isStream ? string.Concat((await http.StreamExecAsync(vm, body)).Where(item => item.EventType == "stdout").Select(item => item.Data.Text("data")))
                : (await ExecAsync(new { shell = "echo " + new string('x', most) })).Text("stdout");
            Assert.Equal(most + 1, stdout.Length);
        }
        using var refused = await http.PostJsonAsync($"{vm}/exec", Json(new { shell = "echo " + new string('x', most + 1) }));
        await refused.ReadProblemAsync(HttpStatusCode.BadRequest);
    }

    /// <summary>Each of these commands waits for the others.</summary>
    public async Task CommandsRunAtOnceAsync(int count)
    {
        var meeting = $"/tmp/meeting-{UniqueSeconds()}";
        var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => ExecAsync(new { shell = Meet(meeting, count), timeoutSeconds = 60 })));
        Assert.All(answers, answer => Assert.Equal((0, "met\n"), (answer.GetProperty("exitCode").GetInt32(), answer.Text("stdout"))));
        await ExecAsync(new { shell = $"rm -r {meeting}" });
    }

    /// <summary>All are run, however many there are.</summary>
    public async Task CommandsWaitTheirTurnAsync(int count)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(number => ExecAsync(new { shell = $"sleep 0.3; echo {number}", timeoutSeconds = 60 })));
        Assert.Equal(Enumerable.Range(0, count).Select(number => $"{number}\n"), answers.Select(answer => answer.Text("stdout")));
    }

    /// <summary>Each of these streams waits for the others.</summary>
    public async Task StreamsRunAtOnceAsync(int count)
    {
        var meeting = $"/tmp/meeting-{UniqueSeconds()}";
        var streams = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => http.StreamExecAsync(vm, Json(new { shell = Meet(meeting, count), timeoutSeconds = 90 }))));
        Assert.All(streams, events => Assert.Equal(("exit", 0), (events[^1].EventType, events[^1].Data.GetProperty("code").GetInt32())));
        await ExecAsync(new { shell = $"rm -r {meeting}" });
    }

    /// <summary>A file is written and read while a command runs.</summary>
    public async Task FilesGoBesideACommandAsync()
    {
        var file = $"/tmp/file-{UniqueSeconds()}";
        var running = ExecAsync(new { shell = $"while ! test -e {file}.go; do sleep 0.05; done; echo went on", timeoutSeconds = 60 });
        foreach (var name in (string[])[file, $"{file}.go"])
        {
            using var written = await http.PutAsync(new Uri($"{vm}/files?path={name}&owner=root", UriKind.Relative), new StringContent("content"), Cancellation);
            Assert.True(HttpStatusCode.Created == written.StatusCode, await written.Content.ReadAsStringAsync(Cancellation));
            Assert.Equal("content", await http.GetStringAsync(new Uri($"{vm}/files?path={file}", UriKind.Relative), Cancellation));
        }
        Assert.Equal("went on\n", (await running).Text("stdout"));
        await ExecAsync(new { shell = $"rm {file} {file}.go" });
    }

    /// <summary>Dangling, looping, and in the middle of a path.</summary>
    public async Task DeadLinksAreNamedAsync()
    {
        var there = $"/tmp/links-{UniqueSeconds()}";
        await ExecAsync(new { shell = $"mkdir {there}; cd {there}; ln -s /nowhere/f dangling; ln -s b a; ln -s a b; ln -s . self" });
        foreach (var (path, link) in ((string, string)[])[("dangling", "dangling"), ("a", "a"), ("self/self/a/in/it", "self/self/a"), ("dangling/in", "dangling")])
        {
            var told = $"{there}/{link} is a symbolic link to {(link == "dangling" ? "/nowhere/f" : "b")},";
            foreach (var address in (string[])["files", "files/stat"])
            {
                using var read = await http.GetAsync(new Uri($"{vm}/{address}?path={there}/{path}", UriKind.Relative), Cancellation);
                Assert.StartsWith(told, (await read.ReadProblemAsync(HttpStatusCode.NotFound)).Text("detail"), StringComparison.Ordinal);
            }
            using var written = await http.PutAsync(new Uri($"{vm}/files?path={there}/{path}&owner=root", UriKind.Relative), new StringContent("x"), Cancellation);
            Assert.StartsWith(told, (await written.ReadProblemAsync(HttpStatusCode.NotFound)).Text("detail"), StringComparison.Ordinal);
        }
        await ExecAsync(new { shell = $"rm -r {there}" });
    }

    /// <summary>An answer that does not say that the command may still run is right: nothing of it does. A time-out and an exit code exclude each other.</summary>
    public async Task ATimeoutIsConfirmedAsync(bool isStream)
    {
        var seconds = UniqueSeconds();
        var body = new { shell = $"trap 'exit 7' TERM; sh -c 'trap \"\" TERM; sleep {seconds}; true' & wait", timeoutSeconds = 2 };
        var end = isStream ? (await http.StreamExecAsync(vm, Json(body)))[^1].Data : await ExecAsync(body);
        Assert.Equal((true, false, false, false),
            (end.GetProperty("timedOut").GetBoolean(), end.TryGetProperty("mayStillRun", out _), end.TryGetProperty("exitCode", out _), end.TryGetProperty("code", out _)));
        Assert.Equal(0, await CountAsync(seconds));
    }

    /// <summary>Who does not read on stops the command, rather than filling the service's memory.</summary>
    public async Task ASlowReaderSlowsTheCommandAsync()
    {
        var progress = $"/tmp/progress-{UniqueSeconds()}";
        using (var response = await http.OpenExecAsync(vm, Json(new { shell = Loop.Replace("PROGRESS", progress, StringComparison.Ordinal) }), Cancellation))
        {
            var (last, same) = ("", 0);
            await UntilAsync(async () =>
            {
                var now = (await ExecAsync(new { shell = $"cat {progress}" })).Text("stdout");
                (last, same) = (now, now == last && now != "" ? same + 1 : 0);
                return same == 20;
            }, "the command stands still");
            Assert.InRange(int.Parse(last), 1, 1000);
        }
        // Whatever still wrote it would make it again.
        var gone = new { shell = $"rm -f {progress}; sleep 0.2; test ! -e {progress}" };
        await UntilAsync(async () => (await ExecAsync(gone)).GetProperty("exitCode").GetInt32() == 0, "the command is gone");
    }

    /// <summary>A terminal: size, another size, and the shell's exit.</summary>
    public async Task ATerminalHasItsSizeAndTellsItsEndAsync()
    {
        using var socket = await http.OpenSocketAsync($"{vm}/terminal?cols=101&rows=31&term=vt220", Cancellation);
        await TypeAsync(socket, "stty size; echo $TERM\n");
        await ShownAsync(socket, "31 101", "vt220");
        await socket.SendAsync("""{"type":"resize","cols":77,"rows":22}"""u8.ToArray().AsMemory(), WebSocketMessageType.Text, true, Cancellation);
        await TypeAsync(socket, "stty size; exec sh -c 'exit 9'\n");
        var shown = await ReadAsync(socket, _ => false);
        Assert.Contains("22 77", shown, StringComparison.Ordinal);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, """{"exitCode":9}"""), (socket.CloseStatus, socket.CloseStatusDescription));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
    }

    /// <summary>A terminal whose client goes takes what runs in it along.</summary>
    public async Task LeavingATerminalEndsWhatRunsInItAsync()
    {
        var seconds = UniqueSeconds();
        using (var socket = await http.OpenSocketAsync($"{vm}/terminal", Cancellation))
        {
            await TypeAsync(socket, $"sleep {seconds}\n");
            await UntilAsync(async () => await CountAsync(seconds) == 1, "the command runs");
            socket.Abort();
        }
        await UntilGoneAsync(seconds);
    }

    private async Task<JsonElement> ExecAsync(object body)
    {
        using var response = await http.PostJsonAsync($"{vm}/exec", Json(body));
        return await response.ReadJsonAsync();
    }

    private async Task<string> RefusalAsync(object body)
    {
        using var answered = await http.PostJsonAsync($"{vm}/exec", Json(body));
        using var streamed = await http.OpenExecAsync(vm, Json(body), Cancellation);
        var code = (await answered.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code");
        Assert.Equal(code, (await streamed.ReadProblemAsync(HttpStatusCode.UnprocessableEntity)).Text("code"));
        return code;
    }

    private Task UntilGoneAsync(string seconds) => UntilAsync(async () => await CountAsync(seconds) == 0, "the command is gone");

    // The whole line: the command that counts has these words in its own.
    private async Task<int> CountAsync(string seconds) => int.Parse((await ExecAsync(new
    {
        shell = $"for it in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$it 2>/dev/null; echo; done 2>/dev/null | grep -cx 'sleep {seconds} '",
    })).Text("stdout"));

    private static string Meet(string meeting, int count) =>
        $"mkdir -p {meeting}; touch {meeting}/$$; while [ $(ls {meeting} | wc -l) -lt {count} ]; do sleep 0.05; done; echo met";

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"not within 60 s: {what}");
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }

    private static Task TypeAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, Cancellation);

    private static async Task ShownAsync(WebSocket socket, params string[] wanted)
    {
        var shown = await ReadAsync(socket, shown => wanted.All(shown.Contains));
        Assert.All(wanted, word => Assert.Contains(word, shown, StringComparison.Ordinal));
    }

    private static async Task<string> ReadAsync(WebSocket socket, Func<string, bool> isEnough)
    {
        var (shown, buffer) = (new List<byte>(), new byte[4096]);
        while (!isEnough(Encoding.UTF8.GetString([.. shown])))
        {
            var part = await socket.ReceiveAsync(buffer, Cancellation);
            if (part.MessageType == WebSocketMessageType.Close)
                break;
            shown.AddRange(buffer.AsSpan(0, part.Count));
        }
        return Encoding.UTF8.GetString([.. shown]);
    }

    private static byte[] Bytes(JsonElement data) =>
        data.TryGetProperty("data", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!) : data.GetProperty("dataBase64").GetBytesFromBase64();

    private static string Json(object body) => JsonSerializer.Serialize(body);

    /// <summary>A sleep that no other process of the guest has.</summary>
    private static string UniqueSeconds() => $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
}
