using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Provisioning.Reconciliation;

public sealed class DomainRunsTests
{
    private static readonly Guid Vm = Guid.NewGuid();
    private readonly FakeHypervisor _hypervisor = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_domain_that_was_started_while_it_was_looked_at_is_another_run_at_the_next_look()
    {
        var runs = new DomainRuns(_hypervisor);
        runs.See(Run(3));

        // Listed while it was off, and running when its state was asked.
        Assert.False(runs.IsAnother(Run(null)));
        runs.See(Run(null));

        Assert.True(runs.IsAnother(Run(4)));
    }

    [Fact]
    public async Task Whoever_cannot_look_any_more_has_done_its_work_all_the_same()
    {
        var runs = new DomainRuns(_hypervisor);
        runs.See(Run(3));
        using var over = new CancellationTokenSource();
        await over.CancelAsync();
        _hypervisor.Faults.BlockAt(nameof(IHypervisor.ListDomainsAsync));

        await runs.LookAsync(Vm, over.Token);

        Assert.False(runs.IsAnother(Run(4)));
    }

    [Fact]
    public async Task A_look_of_ones_own_is_what_the_next_one_is_compared_with()
    {
        var runs = new DomainRuns(_hypervisor);
        runs.See(Run(3));
        _hypervisor.Domains[Vm] = new FakeDomain(Run(4), "52:54:00:00:00:01");

        await runs.LookAsync(Vm, Cancellation);

        Assert.False(runs.IsAnother(Run(4)));
        Assert.True(runs.IsAnother(Run(5)));
    }

    private static DomainInfo Run(int? number) => new(Vm, "web") { Run = number };
}
