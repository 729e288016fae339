namespace AutoProvision.Api.OpenApi;

/// <summary>What an operation does beyond its summary, by operation id, where its route does not say it with <c>WithDescription</c>.</summary>
internal static class OperationDescriptions
{
    public static readonly Dictionary<string, string> All = new()
    {
        ["getVmSsh"] = "Address, user, host key and the paths of the service's own key, and a command line that can be pasted.",
        ["listSnapshots"] = "Each with the sizes that the VM had, and whether it ran.",
        ["getSnapshot"] = "When it was taken, with which sizes, and whether the VM ran.",
        ["deleteFile"] = "A file or a symbolic link, or, with `recursive`, a directory with all that is in it.",
        ["statFile"] = "Kind, size, mode, owner and time of what is there, and of a directory all that is in it, so that one can look before fetching.",
        ["listImages"] = "The images that VMs can be made of; one that is not here yet is fetched or built when it is first asked for.",
        ["isAlive"] = "Says nothing of the host: see `GET /readyz`.",
        ["isReady"] = "Looks at libvirt, its network and pool, the tools, and the room on the host.",
    };
}
