using System.Text.Json.Nodes;
using AutoProvision.Hypervisors;
using AutoProvision.Provisioning;
using AutoProvision.Provisioning.Operations;
using AutoProvision.Ssh;
using AutoProvision.Ssh.Files;
using AutoProvision.Vms;
using AutoProvision.Vms.Journal;
using Microsoft.AspNetCore.WebUtilities;

namespace AutoProvision.Api.OpenApi;

/// <summary>
/// A problem document for each status, as an operation answers it; bad requests have their own in <see cref="OperationExamples.Refusal"/>.
/// Most are made by what makes the real ones, so that they say the same.
/// </summary>
internal static class ProblemExamples
{
    private const string Path = "/srv/app/app.conf";
    private const string Id = "0199c1a2-7d3e-7b1a-9f53-0c2d6a1e8b47";
    private const string DocumentHint = "The OpenAPI document at /openapi/v1.json shows what is taken.";

    private static readonly Vm Vm = new()
    {
        Id = Guid.Parse(Id),
        Spec = new VmSpec { Name = "web-1", Image = "debian-13", Cpus = 1, MemoryMiB = 1024, DiskGiB = 10, User = "debian" },
        State = VmState.Ready,
        CreatedAt = new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero),
        Mac = "52:54:00:6a:1e:8b",
    };

    private static readonly SshTarget Guest = new("192.168.122.57", VmAccess.SshPort, "debian", "", "");
    private static readonly FailureException Busy = OperationFailures.Busy(Vm with { Operation = new VmOperation(OperationKind.Resize, Vm.CreatedAt.AddMinutes(5)) });
    private static readonly FailureException Denied = FileFailures.Denied(Path, new SftpException(SftpStatus.PermissionDenied, "Permission denied"));
    private static readonly FailureException GuestFull = FileFailures.Full(Path, new SftpException(SftpStatus.Failure, "Failure"));
    private static readonly FailureException JournalFull = JournalFile.Full("/var/lib/autoprovision/journal.db", new IOException("SQLite Error 13: 'database or disk is full'."));
    private static readonly FailureException NoMemory = Refusal(8192, 10, new HostRoom(16_000, 4_000, 200_000, 0));
    private static readonly FailureException NoRoom = Refusal(1024, 500, new HostRoom(16_000, 12_000, 40_000, 0));
    private static readonly FailureException NoSession = SshFailures.SessionsExhausted(new SshOptions().SessionsPerVm);

    private static readonly Dictionary<string, Failure> ByStatus = new()
    {
        ["403"] = new("origin_not_allowed", "A page from http://elsewhere.example may not use this service.", "Use it from a page of the service's own host; a proxy has to pass Host on as the browser sent it."),
        ["404"] = VmFailures.NotFound(Id).Failure,
        ["408"] = new("bad_request", "Reading the request body timed out due to data arriving too slowly. See MinRequestBodyDataRate.", DocumentHint),
        ["409"] = VmFailures.NotReachable(Vm with { State = VmState.Provisioning }).Failure,
        ["410"] = VmFailures.EventIdExpired(12, 3098).Failure,
        ["412"] = VmFailures.NotAsExpected(Vm).Failure,
        ["413"] = new("body_too_large", "The body is larger than 4 MiB.", "Send large files with PUT /vms/{id}/files once the VM is ready, or let the guest fetch them itself."),
        ["415"] = new("content_type_unsupported", "The body is not declared as JSON or YAML.", BodyTypes.Hint),
        ["422"] = VmFailures.KeyReused("web-1", Vm.Id).Failure,
        ["429"] = VmFailures.QueueFull(new ProvisioningOptions().MostUnfinished, new ProvisioningOptions()).Failure,
        ["500"] = new("internal_error", "Something went wrong inside the service.", "The service's log has the details."),
        ["502"] = SshFailures.NotAuthenticated(Guest, new IOException("Permission denied (publickey).")).Failure,
        ["503"] = new("hypervisor_unavailable", "libvirt does not answer at qemu:///system.", "Start it (systemctl start libvirtd, or deploy/host-setup), and see that the service may use its socket."),
        ["507"] = JournalFull.Failure,
    };

    // Where an operation's own case says more than the usual one, or is another.
    private static readonly Dictionary<(string Operation, string Status), FailureException> ByOperation = new()
    {
        [("createVm", "409")] = VmFailures.NameTaken("web-1", Vm),
        [("createVm", "507")] = NoRoom,
        [("cloneVm", "409")] = OperationFailures.WrongState(Vm with { State = VmState.Provisioning }, OperationKind.Clone),
        [("cloneVm", "507")] = NoRoom,
        [("watchVm", "410")] = VmFailures.VmEventIdExpired(Vm.Id, 12, 57),
        [("updateVm", "409")] = VmFailures.Gone(Vm with { State = VmState.Deleting }),
        [("execInVm", "422")] = SshFailures.UserRefused("ann", "sudo: unknown user ann"),
        [("execInVm", "429")] = NoSession,
        [("execInVm", "503")] = VmFailures.Stopping(),
        [("openTerminal", "429")] = NoSession,
        [("openTerminal", "503")] = VmFailures.Stopping(),
        [("startVm", "409")] = Busy,
        [("startVm", "503")] = NoMemory,
        [("stopVm", "409")] = OperationFailures.WrongState(Vm with { State = VmState.Provisioning }, OperationKind.Stop),
        [("restartVm", "409")] = Busy,
        [("restartVm", "503")] = NoMemory,
        [("resizeVm", "409")] = Busy,
        [("resizeVm", "503")] = NoMemory,
        [("resizeVm", "507")] = NoRoom,
        [("createSnapshot", "409")] = OperationFailures.SnapshotTaken(Vm, "before-upgrade"),
        [("createSnapshot", "507")] = Refusal(1024, 0, new HostRoom(16_000, 12_000, 300, 0)),
        [("getSnapshot", "404")] = OperationFailures.NoSnapshot(Vm, "before-upgrade"),
        [("restoreSnapshot", "404")] = OperationFailures.NoSnapshot(Vm, "before-upgrade"),
        [("restoreSnapshot", "409")] = Busy,
        [("restoreSnapshot", "503")] = NoMemory,
        [("deleteSnapshot", "409")] = Busy,
        [("readFile", "403")] = Denied,
        [("readFile", "404")] = FileFailures.NotFound(Path),
        [("readFile", "412")] = new("bad_request", "Precondition Failed", DocumentHint),
        [("readFile", "416")] = new("bad_request", "Range Not Satisfiable", DocumentHint),
        [("readFile", "503")] = FileFailures.Stopping(),
        [("writeFile", "403")] = Denied,
        [("writeFile", "404")] = FileFailures.NoDirectory(Path),
        [("writeFile", "409")] = FileFailures.IsDirectory("/srv/app"),
        [("writeFile", "503")] = FileFailures.Stopping(),
        [("writeFile", "507")] = GuestFull,
        [("deleteFile", "403")] = Denied,
        [("deleteFile", "404")] = FileFailures.NotFound(Path),
        [("deleteFile", "409")] = FileFailures.NotEmpty("/srv/app"),
        [("deleteFile", "503")] = FileFailures.Stopping(),
        [("statFile", "403")] = Denied,
        [("statFile", "404")] = FileFailures.NotFound(Path),
        [("statFile", "503")] = FileFailures.Stopping(),
        [("readConsole", "404")] = GuestConsole.Missing(Vm with { State = VmState.Queued }),
        [("removeOrphan", "404")] = VmFailures.OrphanNotFound(Id),
    };

    /// <summary>What the operation answers with the status; null where nobody has written it down.</summary>
    public static JsonObject? Of(string operation, string status)
    {
        if ((ByOperation.GetValueOrDefault((operation, status))?.Failure ?? ByStatus.GetValueOrDefault(status)) is not { } failure)
            return null;
        var number = int.Parse(status);
        var problem = new JsonObject
        {
            ["type"] = $"urn:autoprovision:problem:{failure.Code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(number),
            ["status"] = number,
            ["detail"] = failure.Cause,
            ["code"] = failure.Code,
            ["hint"] = failure.Hint,
        };
        if (failure.Evidence is { } evidence)
            problem["evidence"] = evidence;
        return problem;
    }

    // What a host with so much room says to one more VM.
    private static FailureException Refusal(int memoryMiB, int diskGiB, HostRoom room)
    {
        try
        {
            Admission.Check(Vm.Spec with { MemoryMiB = memoryMiB, DiskGiB = diskGiB }, [], room, new AdmissionOptions());
        }
        catch (FailureException e)
        {
            return e;
        }
        throw new ArgumentException("The host has room for it.", nameof(room));
    }
}
