namespace AutoProvision.Api.OpenApi;

/// <summary>What operations answer when all is well, as JSON.</summary>
internal static class AnswerExamples
{
    private const string Ready =
        """
        {
          "id": "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "name": "web-1", "state": "ready", "image": "debian-12",
          "cpus": 1, "memoryMiB": 1024, "diskGiB": 10, "user": "debian", "address": "192.168.122.57", "mac": "52:54:00:6a:1e:8b",
          "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB",
          "createdAt": "2026-11-22T10:00:00.1+00:00", "readyAt": "2026-11-22T10:00:49.7+00:00", "leftovers": [], "version": 21
        }
        """;

    private static readonly string Queued = Vm("queued");
    private static readonly string Deleting = Vm("deleting");

    /// <summary>By operation id and status.</summary>
    public static readonly Dictionary<(string Operation, string Status), string> All = new()
    {
        [("createVm", "202")] = Queued,
        [("listVms", "200")] = $"[{Ready}]",
        [("getVm", "200")] = Ready,
        [("deleteVm", "202")] = Deleting,
        [("execInVm", "200")] = """{ "exitCode": 7, "stdout": "web-1\n", "stderr": "", "durationMs": 41, "timedOut": false, "truncated": false }""",
        [("getVmSsh", "200")] = """
            {
              "host": "192.168.122.57", "port": 22, "user": "debian",
              "knownHosts": "192.168.122.57 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB",
              "identityFile": "/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/id_ed25519",
              "knownHostsFile": "/var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/known_hosts",
              "command": "ssh -i /var/lib/autoprovision/keys/0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47/id_ed25519 -p 22 debian@192.168.122.57"
            }
            """,
        [("listImages", "200")] = """[{ "name": "debian-12", "source": "build", "description": "Debian 12, built from Debian's packages", "user": "debian", "state": "available", "sizeBytes": 431030272 }]""",
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

    private static string Vm(string state) =>
        $$"""
        {
          "id": "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47", "name": "web-1", "state": "{{state}}", "image": "debian-12",
          "cpus": 1, "memoryMiB": 1024, "diskGiB": 10, "user": "debian", "mac": "52:54:00:6a:1e:8b",
          "createdAt": "2026-11-22T10:00:00.1+00:00", "leftovers": [], "version": 1
        }
        """;
}
