using System.Threading.Channels;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using static AutoProvision.Provisioning.Reconciliation.Rounds;

namespace AutoProvision.Provisioning.Reconciliation;

/// <summary>Rounds that something asks for before their turn.</summary>
internal static class EarlyRounds
{
    // The first VM of a test.
    public static async Task<(string Vm, string Name)> NamedAsync(FakeHost host, HttpClient http)
    {
        var vm = await ReadyAsync(http);
        // The job had waits of its own, and the service's first round may end after it.
        await host.Time.WaitedForAsync(Interval);
        host.Time.ForgetWaits();
        return (vm, (await http.GetJsonAsync(vm)).Text("name"));
    }

    // Whether a round is to come: none begins while the clock stands still.
    public static bool IsRung(AutoProvisionApp app) => app.Get<RoundBell>().RungAsync(TestContext.Current.CancellationToken).IsCompleted;

    // One for each round from here on.
    public static ChannelReader<bool> Looks(FakeHost host)
    {
        var looks = Channel.CreateUnbounded<bool>();
        host.Hypervisor.Faults.DoAt(FakeHypervisor.Done(nameof(IHypervisor.ListDomainsAsync)), cancellation => looks.Writer.WriteAsync(true, cancellation).AsTask());
        return looks.Reader;
    }

    public static Task<bool> LookedAsync(ChannelReader<bool> looks) => looks.ReadAsync(TestContext.Current.CancellationToken).AsTask();
}
