using System.Reflection;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AutoProvision.Api.OpenApi;

/// <summary>The document's head.</summary>
internal static class DocumentInfo
{
    private const string Description =
        """
        Ready-to-use virtual machines on libvirt, each from one call.

        `POST /vms` answers at once; `GET /vms/{id}/events` tells what happens; in the state `ready` (or `degraded`, when
        something in the guest is not as it was asked for) the VM takes commands through `POST /vms/{id}/exec` and plain `ssh`; `DELETE /vms/{id}`
        removes everything that was made for it.

        Every refusal is a problem document (RFC 9457) with a stable `code` and a `hint`. A bad request lists every fault
        at once in `errors`, each with a JSON pointer. Fields without a value are left out of answers.
        """;

    public static Task Apply(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "AutoProvision",
            Version = typeof(DocumentInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Description = Description,
            Contact = new OpenApiContact { Name = "Who runs this service" },
        };
        // Relative, so that it is right behind a proxy as well.
        document.Servers = [new OpenApiServer { Url = "/", Description = "The service that gave this document." }];
        // An empty requirement says "without credentials"; saying nothing would leave it open.
        document.Security = [new OpenApiSecurityRequirement()];
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = "VMs", Description = "Make, watch, use and delete virtual machines." },
            new() { Name = "Operations", Description = "Power, sizes and snapshots of VMs that were made." },
            new() { Name = "Files", Description = "Read, write and delete what is in a virtual machine." },
            new() { Name = "Events", Description = "What happens to all virtual machines, as a stream and by webhooks." },
            new() { Name = "Host", Description = "What the host offers." },
            new() { Name = "Health", Description = "For monitors and load balancers." },
        };
        return Task.CompletedTask;
    }
}
