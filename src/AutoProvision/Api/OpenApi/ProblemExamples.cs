using System.Text.Json.Nodes;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using Microsoft.AspNetCore.WebUtilities;

namespace AutoProvision.Api.OpenApi;

/// <summary>A problem document for each status, as an operation answers it; bad requests have their own in <see cref="OperationExamples.Refusal"/>.</summary>
internal static class ProblemExamples
{
    private const string Vm = "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47";

    private static readonly (string, string, string) Denied =
        ("file_permission_denied", "The guest does not let the user debian write /proc/version.", "See what is at that path; the VM's user has sudo unless its image took it away.");

    private static readonly Dictionary<string, (string Code, string Detail, string Hint)> ByStatus = new()
    {
        ["403"] = ("origin_not_allowed", "A page from http://elsewhere.example may not use this service.", "Use it from a page of the service's own host; a proxy has to pass Host on as the browser sent it."),
        ["404"] = ("vm_not_found", $"There is no VM {Vm}.", "GET /vms lists the VMs there are; a deleted one is forgotten after a while."),
        ["408"] = ("bad_request", "Reading the request body timed out due to data arriving too slowly. See MinRequestBodyDataRate.", "The OpenAPI document at /openapi/v1.json shows what is taken."),
        ["409"] = ("vm_not_ready", $"VM {Vm} is provisioning; commands run once it is ready or degraded.", $"Follow GET /vms/{Vm}/events until its state is ready."),
        ["410"] = ("event_id_expired", "Of the events after 12, some up to 3098 were forgotten together with their deleted VMs.", "Read GET /vms for how things are, and begin anew without Last-Event-ID, or with ?from=oldest for all that is kept."),
        ["412"] = ("precondition_failed", $"VM {Vm} is not as If-Match says: somebody changed it meanwhile.", $"GET /vms/{Vm} gives its present ETag."),
        ["413"] = ("body_too_large", "The body is larger than 4 MiB.", "Send large files with PUT /vms/{id}/files once the VM is ready, or let the guest fetch them itself."),
        ["415"] = ("content_type_unsupported", "The body is not declared as JSON or YAML.", BodyTypes.Hint),
        ["422"] = ("idempotency_key_reused", $"With the Idempotency-Key \"web-1\" something else was asked for: VM {Vm}.", "Send the same body again, or take a new key for another VM; a key is kept for 24 hours."),
        ["429"] = ("queue_full", "36 VMs are waiting or being made, of at most 36: Provisioning:QueueCapacity is 32, Provisioning:Concurrency 4.", "Try again when some are ready."),
        ["500"] = ("internal_error", "Something went wrong inside the service.", "The service's log has the details."),
        ["502"] = ("ssh_auth_failed", "ops@192.168.122.57:22 does not take the service's key.", "See whether something in the guest changed the user's authorized_keys."),
        ["503"] = ("hypervisor_unavailable", "libvirt at qemu:///system does not answer.", "See that libvirtd runs: systemctl status libvirtd."),
        ["507"] = ("disk_full", "qemu-img found no room on the disk.", "Free some space, or point Libvirt:PoolDirectory at a larger disk; libvirt itself needs a little under /var and /run."),
    };

    // Where an operation's own case says more than the usual one.
    private static readonly Dictionary<(string Operation, string Status), (string Code, string Detail, string Hint)> ByOperation = new()
    {
        [("createVm", "409")] = ("name_taken", $"The name \"web-1\" is taken by VM {Vm}, which is ready.", $"Choose another name, or DELETE /vms/{Vm} first."),
        [("readFile", "403")] = Denied,
        [("writeFile", "403")] = Denied,
        [("deleteFile", "403")] = Denied,
        [("statFile", "403")] = Denied,
        [("readFile", "412")] = ("bad_request", "Precondition Failed", "The OpenAPI document at /openapi/v1.json shows what is taken."),
        [("readFile", "416")] = ("bad_request", "Range Not Satisfiable", "The OpenAPI document at /openapi/v1.json shows what is taken."),
        [("execInVm", "503")] = From(VmFailures.Stopping()),
        [("openTerminal", "503")] = From(VmFailures.Stopping()),
        [("readFile", "503")] = From(FileFailures.Stopping()),
        [("writeFile", "503")] = From(FileFailures.Stopping()),
        [("deleteFile", "503")] = From(FileFailures.Stopping()),
        [("statFile", "503")] = From(FileFailures.Stopping()),
        [("removeOrphan", "404")] = ("orphan_not_found", $"There is no orphan {Vm}.", "GET /host/orphans lists them. A VM is deleted with DELETE /vms/ID; a domain that this service did not make is never touched."),
    };

    /// <summary>What the operation answers with the status; null where nobody has written it down.</summary>
    public static JsonObject? Of(string operation, string status)
    {
        if (!ByOperation.TryGetValue((operation, status), out var words) && !ByStatus.TryGetValue(status, out words))
            return null;
        var number = int.Parse(status);
        return new JsonObject
        {
            ["type"] = $"urn:autoprovision:problem:{words.Code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(number),
            ["status"] = number,
            ["detail"] = words.Detail,
            ["code"] = words.Code,
            ["hint"] = words.Hint,
        };
    }

    private static (string, string, string) From(FailureException e) => (e.Code, e.Failure.Cause, e.Failure.Hint);
}
