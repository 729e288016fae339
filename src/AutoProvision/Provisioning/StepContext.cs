using AutoProvision.Images;
using AutoProvision.Ssh;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning;

/// <summary>What the steps of one job share. What must outlive the process is in the store; this is not.</summary>
public sealed class StepContext(Guid id, VmStore store) : IAsyncDisposable
{
    public Guid Id { get; } = id;

    /// <summary>The VM as it is now.</summary>
    public Vm Vm => store.Find(Id)!;

    /// <summary>Known once the image step has run in this process.</summary>
    public BaseImage? Image { get; set; }

    /// <summary>The connection that proved SSH, kept for the steps after it.</summary>
    public ISshConnection? Connection { get; set; }

    /// <summary>Whether the guest has switched itself off, as was asked for: nothing in it can be waited for any more.</summary>
    public bool IsOff { get; set; }

    /// <summary>What is known of how it went off.</summary>
    public string? HowOff { get; set; }

    public void Update(Func<Vm, Vm> change, string message) =>
        store.Update(Id, change, new VmEvent { Type = VmEventType.Progress, Step = Vm.Step, Message = message });

    public void Report(string message, double? percent = null) =>
        store.Report(Id, new VmEvent { Type = VmEventType.Progress, Step = Vm.Step, Message = message, Percent = percent });

    /// <summary>Hands the connection over to the caller, who disposes of it.</summary>
    public ISshConnection TakeConnection()
    {
        var connection = Connection ?? throw new InvalidOperationException("There is no connection to take.");
        Connection = null;
        return connection;
    }

    public ValueTask DisposeAsync() => Connection?.DisposeAsync() ?? ValueTask.CompletedTask;
}
