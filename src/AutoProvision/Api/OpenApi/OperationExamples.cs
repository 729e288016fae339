using AutoProvision.Vms;

namespace AutoProvision.Api.OpenApi;

/// <summary>What the document shows beside the schemas, by operation id.</summary>
internal static class OperationExamples
{
    private static readonly string Stream =
        $"""
        A stream of events; `id` is the event's `seq`, `event` its `type`, `data` the event as JSON on one line. The types are
        {string.Join(", ", VmEventTypes.All.Select(name => $"`{name}`"))}. A comment comes every 15 s.

            id: 9
            event: step.completed
            data: {Event.Trim()}
        """;

    private const string GlobalStream =
        """
        The same stream of the events of all VMs; `id` is the event's `position`. A block with nothing but an `id` is no event: it
        is where to resume when nothing else came.
        """;

    private static readonly (int, string)[] Operation =
    [
        (202, "The VM; `operation` is there while it is under way, and `operationFailure` when it failed."),
        (409, "Another operation is under way, or the VM is neither ready, degraded nor stopped."),
    ];

    // One that may need memory that is not the VM's yet.
    private static readonly (int, string)[] PoweringOperation = [.. Operation, (503, "The host has not enough memory left; `Retry-After` says when to try again.")];

    private static readonly (int Status, string Words)[] FileRefusals =
    [
        (403, "The guest does not let the VM's user do that."),
        (404, "There is no such VM, or no such file in it."),
        (409, "The VM is not reachable, or the path leads to something of another kind."),
        (503, "The service is being stopped."),
    ];

    private static readonly (int, string) ForeignToo = (403, "The guest does not let the VM's user do that, or a web page of another host sent it.");

    private const string NoRoom = "The host's disk is full, or has no room for so large a disk.";
    private const string NoHypervisor = "libvirt or one of its tools does not answer; `Retry-After` says when to try again where that may help.";

    /// <summary>One event of a console's stream.</summary>
    public const string ConsoleLine = "event: line\ndata: Debian GNU/Linux 12 web-1 ttyS0\n\n";

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
        ["cloneVm"] =
        [
            (202, "The copy is queued, or what `Prefer` waited for has come; its `state` tells."),
            (409, "The VM is neither ready, degraded nor stopped, or the copy's name is taken."),
            (507, NoRoom),
        ],
        ["updateVm"] = [(200, "The VM as it is now."), (409, "The VM is being deleted, or was.")],
        ["createVm"] =
        [
            (202, "The VM is queued, or what `Prefer` waited for has come; its `state` tells."),
            (409, "The name or an address is taken."),
            (507, NoRoom),
        ],
        ["listVms"] = [(200, "The VMs that were asked for."), (304, "Nothing is new since the `If-None-Match` that was sent.")],
        ["getVm"] = [(304, "Nothing is new since the `If-None-Match` that was sent."), (200, "The VM; a deleted one too, until it is forgotten (Provisioning:DeletedRetention).")],
        ["watchVm"] = [(200, Stream), (204, "The VM is deleted, and `Last-Event-ID` is its last event: there will be no more.")],
        ["watchEvents"] = [(200, GlobalStream)],
        ["listWebhooks"] = [(200, "The webhooks, by name; empty where the settings have none.")],
        ["execInVm"] =
        [
            (200, ExecStream),
            (422, "Nothing was run: the guest does not let the command run as that user, or in that directory."),
            (429, "As many streamed commands and terminals of this VM are open as `Ssh:SessionsPerVm` allows, or the commands of all VMs hold as much as `Ssh:MaxBufferedOutputMiB` allows (`Retry-After` says when to try again)."),
            (503, "The service is being stopped."),
        ],
        ["openTerminal"] =
        [
            (101, "The WebSocket."),
            (400, "The request is no WebSocket's, or `errors` lists every fault of its query."),
            (429, "As many streamed commands and terminals of this VM are open as `Ssh:SessionsPerVm` allows."),
            (503, "The service is being stopped."),
        ],
        ["getVmSsh"] = [(200, "Everything `ssh` needs. Paths are those of the service's host.")],
        ["readFile"] =
        [
            .. FileRefusals,
            (200, "The file's bytes, or the directory's archive with names relative to it."),
            (206, "The part that was asked for."),
            (304, "It has not changed since `If-Modified-Since`."),
            (412, "It has changed since `If-Unmodified-Since`."),
            (416, "The file has no such part."),
        ],
        ["writeFile"] = [.. FileRefusals, ForeignToo, (507, "The guest's disk is full."), (201, "The file or directory is new."), (204, "It was there before."), (404, "There is no such VM, or no such directory in it.")],
        ["deleteFile"] = [.. FileRefusals, ForeignToo, (204, "It is gone."), (409, "The VM is not reachable, or the directory is not empty.")],
        ["statFile"] = [.. FileRefusals, (200, "What it is; of a directory also what is in it."), (409, "The VM is not reachable.")],
        ["readConsole"] = [(200, "The last lines as text, or a stream: `event: line` with a line as it is in `data`, and a comment every 15 s."), (404, "There is no such VM, or it has no console log.")],
        ["deleteVm"] = [(202, "Tear-down is under way."), (204, "The VM is gone.")],
        ["startVm"] = PoweringOperation,
        ["stopVm"] = Operation,
        ["restartVm"] = PoweringOperation,
        ["resizeVm"] = [.. PoweringOperation, (507, NoRoom)],
        ["createSnapshot"] =
        [
            .. Operation,
            (409, "Another operation is under way, the VM is neither ready, degraded nor stopped, or it has a snapshot of that name, or as many as it may have."),
            (507, "The host's disk is full, or has no room for the VM's memory."),
        ],
        ["restoreSnapshot"] = [.. PoweringOperation, (404, "There is no such VM, or it has no such snapshot.")],
        ["deleteSnapshot"] = Operation,
        ["listSnapshots"] = [(200, "The snapshots.")],
        ["getSnapshot"] = [(200, "The snapshot."), (404, "There is no such VM, or it has no such snapshot.")],
        ["listImages"] = [(200, "The catalogue.")],
        ["readMetrics"] = [(200, "The figures as text.")],
        ["getHost"] = [(200, "What was found, with everything that is wrong in `problems`.")],
        ["listOrphans"] = [(200, "The orphans; usually none."), (503, NoHypervisor)],
        ["removeOrphan"] = [(204, "It is gone."), (404, "There is no such orphan; a VM and somebody else's domain are none."), (503, NoHypervisor)],
        ["isAlive"] = [(200, "It does.")],
        ["isReady"] = [(200, "It could."), (503, "It could not; `problems` says why.")],
    };

    /// <summary>Request bodies.</summary>
    public static readonly Dictionary<string, (string Name, string Summary, string Json)[]> Bodies = new()
    {
        ["createVm"] =
        [
            ("minimal", "Everything by default", """{ "name": "web-1" }"""),
            ("full", "Every field; expiresAt would stand in place of expiresIn", """
                {
                  "name": "web-2", "image": "debian-13", "cpus": 2, "memoryMiB": 1024, "diskGiB": 10,
                  "disks": [{ "name": "data", "sizeGiB": 5, "mountPoint": "/srv/data" }],
                  "network": { "name": "default", "address": "192.168.122.50" }, "nics": [{ "name": "default" }],
                  "networkConfig": "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n  eth1:\n    dhcp4: true\n",
                  "user": "ops", "authorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB me@laptop"],
                  "users": [{ "name": "ann", "groups": ["adm"], "sudo": false, "shell": "/bin/sh", "authorizedKeys": [] }],
                  "packages": ["git"],
                  "files": [
                    { "path": "/etc/motd", "content": "Welcome.\n", "owner": "root:root", "mode": "0644" },
                    { "path": "/etc/token", "contentBase64": "AP8=", "mode": "0600" }
                  ],
                  "hosts": [{ "address": "192.168.122.1", "names": ["host.lan", "host"] }],
                  "bootCommands": ["modprobe loop"], "runCommands": ["git --version > /root/git-version"],
                  "timezone": "Europe/Vienna", "swapMiB": 512, "environment": { "STAGE": "test" },
                  "userData": "#cloud-config\nlocale: C.UTF-8\n",
                  "readinessChecks": [{ "description": "git is there.", "command": "git --version", "timeoutSeconds": 30, "hint": "See /var/log/apt/term.log." }],
                  "timeouts": { "imageSeconds": 1800, "domainSeconds": 180, "addressSeconds": 300, "sshSeconds": 300, "cloudInitSeconds": 1200 },
                  "labels": { "team": "a" }, "expiresIn": "8h"
                }
                """),
        ],
        ["cloneVm"] = [("named", "A copy with a name", """{ "name": "web-2", "expiresIn": "2h" }""")],
        ["updateVm"] = [("extend", "Two hours more, and one label more", """{ "expiresIn": "2h", "labels": { "env": "test" } }""")],
        ["stopVm"] = [("grace", "Ten seconds, then the plug", """{ "graceSeconds": 10 }""")],
        ["restartVm"] = [("hard", "At once, without asking the guest", """{ "graceSeconds": 0 }""")],
        ["resizeVm"] = [("larger", "More of everything", """{ "cpus": 4, "memoryMiB": 4096, "diskGiB": 20 }""")],
        ["createSnapshot"] = [("named", "Before something risky", """{ "name": "before-upgrade", "description": "All tests pass." }""")],
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
        {"position":3107,"vm":"0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47","name":"web-1","seq":9,"type":"step.completed","at":"2026-11-22T10:00:31.4+00:00","state":"provisioning","step":"address","durationMs":28310}
        """;

    /// <summary>What one event of a command's output holds.</summary>
    public const string ExecOutput = "event: stdout\ndata: {\"data\":\"web-1\\n\"}\n\n";

    /// <summary>A bad request's answer.</summary>
    public static string Refusal(string? operation) => operation switch
    {
        "createVm" => Refused(
            """{ "pointer": "/name", "code": "name_invalid", "detail": "\"Web 1\" is no RFC 1123 label.", "hint": "1 to 63 characters of a-z, 0-9 and \"-\", neither beginning nor ending with \"-\"." }""",
            """{ "pointer": "/cpus", "code": "out_of_range", "detail": "99 is out of range.", "hint": "From 1 to 16." }"""),
        "execInVm" => Refused(
            """{ "pointer": "/command", "code": "required", "detail": "Exactly one of command and shell is wanted.", "hint": "{\"shell\": \"uname -a\"} or {\"command\": [\"uname\", \"-a\"]}" }"""),
        "readFile" or "writeFile" or "deleteFile" or "statFile" => Refused(
            """{ "pointer": "/path", "code": "path_invalid", "detail": "Path \"motd\" is not an absolute path.", "hint": "Such as /etc/motd, with \"/\" as %2F or as it is." }"""),
        "readConsole" => Refused(
            """{ "pointer": "/tail", "code": "out_of_range", "detail": "\"0\" is no number of lines, or out of range.", "hint": "From 1 to 10000." }"""),
        "openTerminal" => Refused("""{ "pointer": "/cols", "code": "out_of_range", "detail": "\"0\" is out of range.", "hint": "From 1 to 1000." }"""),
        "watchVm" or "watchEvents" => Refused(
            """{ "pointer": "/Last-Event-ID", "code": "event_id_invalid", "detail": "Last-Event-ID \"x\" is no event id.", "hint": "Send back an id that the stream gave, or none." }"""),
        "listVms" => Refused(
            """{ "pointer": "/labl", "code": "parameter_unknown", "detail": "There is no query parameter \"labl\" here.", "hint": "Known parameters: label, state, limit, cursor." }"""),
        "getVm" => Refused(
            """{ "pointer": "/timeout", "code": "parameter_unknown", "detail": "There is no query parameter \"timeout\" here.", "hint": "Known parameters: wait, timeoutSeconds." }"""),
        _ => Refused(
            """{ "pointer": "/verbose", "code": "parameter_unknown", "detail": "There is no query parameter \"verbose\" here.", "hint": "No query parameter is taken here." }"""),
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
