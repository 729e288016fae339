namespace AutoProvision.Api.OpenApi;

/// <summary>What an operation does beyond its summary, by operation id, where its route does not say it with <c>WithDescription</c>.</summary>
internal static class OperationDescriptions
{
    public static readonly Dictionary<string, string> All = new()
    {
        ["listVms"] = "Every VM that is not deleted, whatever its state; one that waits has its place in the queue.",
        ["getVm"] = "Its spec, state, address and host key, and why it failed where it did. `version` rises with every event.",
        ["execInVm"] = "Runs as the VM's own user over SSH and waits for the end. Takes `command` (an argument list) or `shell` (a line), and ends what runs longer than `timeoutSeconds`.",
        ["getVmSsh"] = "Address, user, host key and the paths of the service's own key, and a command line that can be pasted.",
        ["listImages"] = "The images that VMs can be made of; one that is not here yet is fetched or built when it is first asked for.",
        ["isAlive"] = "Says nothing of the host: see `GET /readyz`.",
        ["isReady"] = "Looks at libvirt, its network and pool, the tools, and the room on the host.",
    };
}
