using AutoProvision.Ssh;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Where the SSH agent is switched on, gives it the VM's key, so that plain <c>ssh</c> works; takes it out with the VM.</summary>
public sealed class AgentStep(SshAgent agent, VmAccess access, IOptions<ProvisioningOptions> options) : IStep
{
    public string Name => "agent";

    public TimeSpan Timeout(Vm vm) => Limit.Time;

    public Failure TimedOut(Vm vm) => new("ssh_agent_timeout", "The SSH agent did not answer in time.", $"See that the agent behind SSH_AUTH_SOCK answers, or switch Ssh:UseAgent off. {Limit.Hint}");

    public Task RunAsync(StepContext context, CancellationToken cancellation) =>
        agent.Enabled ? agent.AddAsync(access.Keys(context.Id).Read().PrivateOpenSsh, cancellation) : Task.CompletedTask;

    public Task UndoAsync(Vm vm, CancellationToken cancellation) =>
        agent.Enabled && vm.PublicKey is { } key ? agent.RemoveAsync(key, cancellation) : Task.CompletedTask;

    private StepLimit Limit => StepLimit.Preparation(options.Value.Timeouts);
}
