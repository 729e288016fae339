namespace AutoProvision.Api.OpenApi;

/// <summary>What operations answer when all is well, as JSON.</summary>
internal static class AnswerExamples
{
    private const string Snapshot = """{ "name": "before-upgrade", "createdAt": "2026-11-22T11:20:00.1+00:00", "isRunning": true, "size": { "cpus": 1, "memoryMiB": 1024, "diskGiB": 10 }, "description": "All tests pass." }""";

    private static readonly string Ready = Vm("ready",
        """, "address": "192.168.122.57", "addresses": ["192.168.122.57"], "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB", "readyAt": "2026-11-22T10:00:49.7+00:00", "verified": "full" """);

    /// <summary>By operation id and status.</summary>
    public static readonly Dictionary<(string Operation, string Status), string> All = new()
    {
        [("createVm", "202")] = Vm("queued"),
        [("cloneVm", "202")] = Vm("queued", """, "addresses": [], "cloneOf": "0199c1a2-0000-7b1a-9f53-0c2d6a1e8b47" """),
        [("updateVm", "200")] = Ready,
        [("startVm", "202")] = Busy("stopped", "start"),
        [("stopVm", "202")] = Busy("ready", "stop"),
        [("restartVm", "202")] = Busy("ready", "restart"),
        [("resizeVm", "202")] = Busy("ready", "resize"),
        [("createSnapshot", "202")] = Busy("ready", "snapshot"),
        [("restoreSnapshot", "202")] = Busy("ready", "restoreSnapshot"),
        [("deleteSnapshot", "202")] = Busy("ready", "deleteSnapshot"),
        [("listSnapshots", "200")] = $"[{Snapshot}]",
        [("getSnapshot", "200")] = Snapshot,
        [("listVms", "200")] = $"[{Ready}]",
        [("getVm", "200")] = Ready,
        [("deleteVm", "202")] = Vm("deleting"),
        [("listWebhooks", "200")] = """
            [{
              "name": "ci", "url": "https://ci.example.org/hooks/vms", "types": ["state", "step.failed"], "state": "retrying", "position": 3098,
              "deliveredAt": "2026-11-22T10:00:31.4+00:00", "pending": 2, "dropped": 0, "failures": 3,
              "failure": { "code": "webhook_refused", "cause": "The endpoint answered 503 Service Unavailable.", "hint": "It takes an event by answering 200 to 299; its own log says why it did not." },
              "nextAttemptAt": "2026-11-22T10:01:35.2+00:00"
            }]
            """,
        [("execInVm", "200")] = """{ "exitCode": 7, "stdout": "web-1\n", "stderr": "", "durationMs": 41, "timedOut": false, "truncated": false }""",
        [("getVmSsh", "200")] = """
            {
              "host": "192.168.122.57", "port": 22, "user": "debian",
              "knownHosts": "192.168.122.57 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB",
              "identityFile": "/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/id_ed25519",
              "knownHostsFile": "/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/known_hosts",
              "command": "ssh -i /var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/id_ed25519 -p 22 debian@192.168.122.57",
              "config": "Host web-1\n    HostName 192.168.122.57\n    Port 22\n    User debian\n    IdentityFile \"/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/id_ed25519\"\n    IdentitiesOnly yes\n    UserKnownHostsFile \"/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/known_hosts\"\n    StrictHostKeyChecking yes\n"
            }
            """,
        [("statFile", "200")] = """
            {
              "name": "app", "kind": "directory", "size": 4096, "mode": "0755", "owner": "root", "group": "root", "modifiedAt": "2026-11-22T10:00:00+00:00", "truncated": false,
              "entries": [{ "name": "app.conf", "kind": "file", "size": 412, "mode": "0640", "owner": "root", "group": "adm", "modifiedAt": "2026-11-22T10:00:00+00:00" }]
            }
            """,
        [("listImages", "200")] = """[{ "name": "debian-13", "source": "build", "description": "Debian 13 (trixie), built on this host from Debian's packages", "user": "debian", "state": "available", "sizeBytes": 431030272 }]""",
        [("getHost", "200")] = """
            {
              "uri": "qemu:///system", "version": "libvirt 9.0.0, QEMU 7.2.15", "accelerator": { "kind": "kvm", "reason": "/dev/kvm can be opened." },
              "cpus": 8, "memoryTotalMiB": 32001, "memoryFreeMiB": 25114, "pool": { "directory": "/var/lib/libvirt/images", "freeMiB": 120410 },
              "network": { "name": "default", "active": true, "bridge": "virbr0" }, "tools": [{ "name": "virsh", "path": "/usr/bin/virsh" }], "problems": []
            }
            """,
        [("listOrphans", "200")] = """[{ "id": "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "name": "web-1", "power": "running", "files": ["/var/lib/libvirt/images/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47.qcow2"], "since": "2026-11-22T10:00:00.1+00:00" }]""",
        [("isAlive", "200")] = """{ "status": "ok", "problems": [] }""",
        [("isReady", "200")] = """{ "status": "ok", "problems": [] }""",
        [("isReady", "503")] = """{ "status": "unready", "problems": [{ "code": "hypervisor_unavailable", "cause": "libvirt at qemu:///system does not answer.", "hint": "See that libvirtd runs: systemctl status libvirtd." }] }""",
    };

    private static string Vm(string state, string more = """, "addresses": [] """) =>
        $$"""
        {
          "id": "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "name": "web-1", "state": "{{state}}", "image": "debian-13",
          "cpus": 1, "memoryMiB": 1024, "diskGiB": 10, "disks": [], "user": "debian", "mac": "52:54:00:6a:1e:8b",
          "nics": [{ "network": "default", "mac": "52:54:00:6a:1e:8b" }], "labels": { "env": "test" },
          "createdAt": "2026-11-22T10:00:00.1+00:00", "leftovers": [], "version": 1{{more}}
        }
        """;

    private static string Busy(string state, string operation) => Vm(state, $$""", "addresses": [], "operation": { "kind": "{{operation}}", "startedAt": "2026-11-22T11:20:00.1+00:00", "wasRunning": {{(state == "ready" ? "true" : "false")}} } """);
}
