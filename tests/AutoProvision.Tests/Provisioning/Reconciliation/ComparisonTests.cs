using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Provisioning.Reconciliation;

public sealed class ComparisonTests
{
    [Theory]
    [InlineData(VmState.Ready, DomainPower.Running, Difference.None)]
    [InlineData(VmState.Ready, DomainPower.Stopped, Difference.SwitchedOff)]
    [InlineData(VmState.Ready, DomainPower.Paused, Difference.Paused)]
    [InlineData(VmState.Ready, DomainPower.PausedByDisk, Difference.OutOfDisk)]
    [InlineData(VmState.Ready, null, Difference.Removed)]
    [InlineData(VmState.Degraded, DomainPower.Running, Difference.None)]
    [InlineData(VmState.Degraded, DomainPower.Stopped, Difference.SwitchedOff)]
    [InlineData(VmState.Degraded, null, Difference.Removed)]
    [InlineData(VmState.Unreachable, DomainPower.Running, Difference.Unreachable)]
    [InlineData(VmState.Unreachable, DomainPower.Stopped, Difference.SwitchedOff)]
    [InlineData(VmState.Unreachable, DomainPower.Paused, Difference.Paused)]
    [InlineData(VmState.Unreachable, DomainPower.PausedByDisk, Difference.OutOfDisk)]
    [InlineData(VmState.Unreachable, null, Difference.Removed)]
    [InlineData(VmState.Stopped, DomainPower.Running, Difference.SwitchedOn)]
    [InlineData(VmState.Stopped, DomainPower.Stopped, Difference.None)]
    [InlineData(VmState.Stopped, DomainPower.Paused, Difference.None)]
    [InlineData(VmState.Stopped, DomainPower.PausedByDisk, Difference.OutOfDisk)]
    [InlineData(VmState.Stopped, null, Difference.Removed)]
    public void A_VM_that_is_made_is_as_its_domain_is(VmState known, DomainPower? seen, Difference difference) =>
        Assert.Equal(difference, Comparison.Of(known, seen));

    [Theory]
    [InlineData(DomainPower.Running, Difference.None)]
    [InlineData(DomainPower.Stopped, Difference.None)]
    [InlineData(DomainPower.Paused, Difference.None)]
    [InlineData(DomainPower.PausedByDisk, Difference.OutOfDisk)]
    [InlineData(null, Difference.None)]
    public void One_that_is_being_made_is_its_jobs_business_but_for_a_full_disk(DomainPower? seen, Difference difference) =>
        Assert.Equal(difference, Comparison.Of(VmState.Provisioning, seen));

    [Theory]
    [InlineData(VmState.Queued)]
    [InlineData(VmState.Failed)]
    [InlineData(VmState.Deleting)]
    [InlineData(VmState.Deleted)]
    public void One_that_is_not_made_is_let_alone(VmState known) =>
        Assert.All(Enum.GetValues<DomainPower>().Cast<DomainPower?>().Append(null), seen => Assert.Equal(Difference.None, Comparison.Of(known, seen)));
}
