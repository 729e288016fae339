namespace AutoProvision.Api.OpenApi;

/// <summary>What an operation does beyond its summary, by operation id, where its route does not say it with <c>WithDescription</c>.</summary>
internal static class OperationDescriptions
{
    public static readonly Dictionary<string, string> All = new()
    {
        ["getVmSsh"] = "Address, user, host key and the paths of the service's own key, a command line that can be pasted, and a block for an ssh_config file.",
        ["listSnapshots"] = "Each with the sizes that the VM had, and whether it ran.",
        ["getSnapshot"] = "When it was taken, with which sizes, and whether the VM ran.",
        ["deleteFile"] = "A file or a symbolic link, or, with `recursive`, a directory with all that is in it.",
        ["statFile"] = "Kind, size, mode, owner and time of what is there, and of a directory all that is in it, so that one can look before fetching.",
        ["listImages"] = "The images that VMs can be made of; one that is not here yet is fetched or built when it is first asked for.",
        ["readMetrics"] = "In OpenMetrics where `Accept` has `application/openmetrics-text`, in Prometheus's text format otherwise. VMs by state, events, steps, operations, time to ready, webhooks, requests, and the process. What is counted begins anew with the process.",
        ["isAlive"] = "Says nothing of the host: see `GET /readyz`.",
        ["isReady"] = "Looks at libvirt, its network and pool, the tools, and the room on the host.",
    };
}
