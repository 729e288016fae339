using AutoProvision.Api;
using AutoProvision.HostTests.Support;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>
/// How long the service itself takes between the guest's sshd accepting the key, or cloud-init's end where that is later,
/// and <c>ready</c>, the spec's readiness checks included. The guest's times are its own log's and files', put on the host's clock.
/// </summary>
internal static class Overhead
{
    public static async Task PrintAsync(HostApp app, VmResource vm)
    {
        var (offset, doubt) = await ClockOffsetAsync(app, vm.Id);
        var accepted = await GuestTimeAsync(app, vm.Id, "sudo journalctl -u ssh -o short-unix --no-pager | grep -m1 'Accepted publickey' | cut -d' ' -f1") - offset;
        var finished = await GuestTimeAsync(app, vm.Id, "stat -c %.6Y /run/cloud-init/result.json") - offset;
        var ready = vm.ReadyAt!.Value.ToUnixTimeMilliseconds() / 1000.0;
        var created = vm.CreatedAt.ToUnixTimeMilliseconds() / 1000.0;
        Console.WriteLine($"figure: sshd accepted the key {accepted - created:0.0} s and cloud-init ended {finished - created:0.0} s after the request; ready at {ready - created:0.0} s");
        Console.WriteLine($"figure: the service added {ready - Math.Max(accepted, finished):0.00} s (+/- {doubt:0.00} s) between the later of the two and ready");
    }

    /// <summary>Guest's clock minus the host's, from the quickest of several questions, and how far off that can be.</summary>
    private static async Task<(double Offset, double Doubt)> ClockOffsetAsync(HostApp app, Guid id)
    {
        var best = (Offset: 0.0, Doubt: double.MaxValue);
        for (var tries = 0; tries < 8; tries++)
        {
            var before = Now();
            var guest = await GuestTimeAsync(app, id, "date +%s.%N");
            var after = Now();
            if ((after - before) / 2 < best.Doubt)
                best = (guest - ((before + after) / 2), (after - before) / 2);
        }
        return best;
    }

    private static async Task<double> GuestTimeAsync(HostApp app, Guid id, string shell)
    {
        var answer = await app.ExecAsync(id, shell);
        Assert.True(double.TryParse(answer.Stdout.Trim(), out var seconds), $"{shell}: {answer.Stdout}{answer.Stderr}");
        return seconds;
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
}
