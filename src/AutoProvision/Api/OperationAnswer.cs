using System.Reflection;
using AutoProvision.Vms;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AutoProvision.Api;

/// <summary>The answer to an operation: at once, or when it is done, as the client prefers.</summary>
public sealed class OperationAnswer(HttpContext http, VmService vms) : IBindableFromHttpContext<OperationAnswer>
{
    public static ValueTask<OperationAnswer?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<OperationAnswer?>(new(context, context.RequestServices.GetRequiredService<VmService>()));

    /// <param name="vm">The VM, with its operation unless there is nothing to do.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="location">What is being made, where that is not the VM.</param>
    public async Task<Accepted<VmResource>> GiveAsync(Vm vm, CancellationToken cancellation, string? location = null)
    {
        if (vm.Operation is { } operation && Preferences.Wait(http.Request) is { } wait)
        {
            Preferences.Applied(http.Response, wait);
            vm = await vms.WaitAsync(vm.Id, it => it.Operation != operation, wait, cancellation);
        }
        return TypedResults.Accepted(location ?? $"/vms/{vm.Id}", VmResource.From(vm, vms.QueuePosition(vm)));
    }
}
