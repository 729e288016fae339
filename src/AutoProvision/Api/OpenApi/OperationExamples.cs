namespace AutoProvision.Api.OpenApi;

/// <summary>What the document shows beside the schemas, by operation id.</summary>
internal static class OperationExamples
{
    private const string Stream =
        """
        A stream of events; `id` is the event's `seq`, `event` its `type`, `data` the event as JSON on one line. The types are
        `state`, `step.started`, `step.completed`, `step.failed`, `step.undone` and `progress`. A comment comes every 15 s.

            id: 9
            event: step.completed
            data: {"seq":9,"type":"step.completed","at":"2026-11-22T10:00:31.4+00:00","state":"provisioning","step":"address","durationMs":28310}
        """;

    private const string ExecStream =
        """
        The command ended, whatever its exit code, or was ended by its timeout. With `Accept: text/event-stream` a stream of events:
        `started` first, `stdout` and `stderr` as the output comes, at last `exit`, or `error` with the members of a problem document
        when the command's end is not known. `data` holds whole characters, `dataBase64` takes its place where bytes are no UTF-8.
        A comment comes every 15 s. Nothing is buffered without limit: who reads slowly slows the command.

            event: started
            data: {"pid":812}

            event: stdout
            data: {"data":"web-1\n"}

            event: exit
            data: {"code":7,"timedOut":false,"truncated":false,"durationMs":31}
        """;

    /// <summary>What each answer means, where <see cref="Operations"/> does not say it of all refusals with the same status.</summary>
    public static readonly Dictionary<string, (int Status, string Words)[]> Answers = new()
    {
        ["createVm"] =
        [
            (202, "The VM is queued."),
            (503, "libvirt or one of its tools does not answer, or the host has no memory left: then `Retry-After` says when to try again."),
            (507, "The host's disk is full, or has no room for so large a disk."),
        ],
        ["listVms"] = [(200, "Every VM that is not deleted.")],
        ["getVm"] = [(200, "The VM; a deleted one too, until it is forgotten (Provisioning:DeletedRetention).")],
        ["watchVm"] = [(200, Stream)],
        ["execInVm"] =
        [
            (200, ExecStream),
            (422, "Nothing was run: the guest does not let the command run as that user, or in that directory."),
            (429, "As many streamed commands and terminals of this VM are open as `Ssh:SessionsPerVm` allows."),
        ],
        ["openTerminal"] =
        [
            (101, "The WebSocket."),
            (400, "The request is no WebSocket's, or `errors` lists every fault of its query."),
            (429, "As many streamed commands and terminals of this VM are open as `Ssh:SessionsPerVm` allows."),
        ],
        ["getVmSsh"] = [(200, "Everything `ssh` needs. Paths are those of the service's host.")],
        ["deleteVm"] = [(202, "Tear-down is under way."), (204, "The VM is gone.")],
        ["listImages"] = [(200, "The catalogue.")],
        ["getHost"] = [(200, "What was found, with everything that is wrong in `problems`.")],
        ["listOrphans"] = [(200, "The orphans; usually none.")],
        ["removeOrphan"] = [(204, "It is gone."), (404, "There is no such orphan; a VM and somebody else's domain are none.")],
        ["isAlive"] = [(200, "It does.")],
        ["isReady"] = [(200, "It could."), (503, "It could not; `problems` says why.")],
    };

    /// <summary>Request bodies.</summary>
    public static readonly Dictionary<string, (string Name, string Summary, string Json)[]> Bodies = new()
    {
        ["createVm"] =
        [
            ("minimal", "Everything by default", """{ "name": "web-1" }"""),
            ("full", "Every field", """
                {
                  "name": "web-2", "image": "debian-12", "cpus": 2, "memoryMiB": 1024, "diskGiB": 10, "user": "ops",
                  "authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB me@laptop"],
                  "packages": ["git"],
                  "files": [{ "path": "/etc/motd", "content": "Welcome.\n", "owner": "root:root", "mode": "0644" }],
                  "hosts": [{ "address": "192.168.122.1", "names": ["host.lan", "host"] }],
                  "runCommands": ["git --version > /root/git-version"],
                  "networkConfig": "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n"
                }
                """),
        ],
        ["execInVm"] =
        [
            ("shell", "A line for the user's shell", """{ "shell": "cat /etc/hostname; exit 7" }"""),
            ("command", "A program and its arguments, which no shell looks at", """{ "command": ["df", "-h", "/"], "timeoutSeconds": 30 }"""),
            ("full", "As another user, with variables, a directory and input", """{ "shell": "read line; echo \"$GREETING $line\" > greeting", "user": "root", "cwd": "/srv", "env": { "GREETING": "It's" }, "stdin": "me\n", "maxOutputBytes": 65536 }"""),
        ],
    };

    /// <summary>What one event's <c>data</c> holds.</summary>
    public const string Event =
        """
        { "seq": 9, "type": "step.completed", "at": "2026-11-22T10:00:31.4+00:00", "state": "provisioning", "step": "address", "durationMs": 28310 }
        """;

    /// <summary>What one event of a command's output holds.</summary>
    public const string ExecOutput = """{ "data": "web-1\n" }""";

    /// <summary>A bad request's answer.</summary>
    public static string Refusal(string? operation) => operation switch
    {
        "createVm" => Refused(
            """{ "pointer": "/name", "code": "name_invalid", "detail": "\"Web 1\" is no RFC 1123 label.", "hint": "1 to 63 characters of a-z, 0-9 and \"-\", neither beginning nor ending with \"-\"." }""",
            """{ "pointer": "/cpus", "code": "out_of_range", "detail": "99 is out of range.", "hint": "From 1 to 16." }"""),
        "execInVm" => Refused(
            """{ "pointer": "/command", "code": "required", "detail": "Exactly one of command and shell is wanted.", "hint": "{\"shell\": \"uname -a\"} or {\"command\": [\"uname\", \"-a\"]}" }"""),
        "openTerminal" => Refused("""{ "pointer": "/cols", "code": "out_of_range", "detail": "\"0\" is out of range.", "hint": "From 1 to 1000." }"""),
        _ => Refused(
            """{ "pointer": "", "code": "event_id_invalid", "detail": "Last-Event-ID \"x\" is no event id.", "hint": "Send back an id that the stream gave, or none." }"""),
    };

    private static string Refused(params string[] faults) => $$"""
        {
          "type": "urn:autoprovision:problem:invalid_request", "title": "Bad Request", "status": 400,
          "detail": "The request has {{faults.Length}} fault(s).", "code": "invalid_request",
          "hint": "Each entry of errors names a value by its JSON pointer and says what would be right.",
          "errors": [{{string.Join(", ", faults)}}]
        }
        """;
}
