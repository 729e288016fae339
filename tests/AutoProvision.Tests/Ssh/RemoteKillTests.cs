using System.Diagnostics;

namespace AutoProvision.Ssh;

/// <summary>What root ends is the command's: the real script, on this machine's processes.</summary>
public sealed class RemoteKillTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Only_what_comes_from_the_users_own_login_is_ended_as_root()
    {
        using var running = Process.Start("sleep", "60");
        try
        {
            Assert.True(await MayAsync(running.Id, Environment.UserName, TimeSpan.Zero));
            Assert.False(await MayAsync(running.Id, "nobody", TimeSpan.Zero));
            Assert.False(await MayAsync(running.Id, "no such user", TimeSpan.Zero));
        }
        finally
        {
            running.Kill();
        }
    }

    /// <summary>The guest was started again meanwhile, and the number may be anybody's.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_ended_as_root_in_a_guest_that_is_up_for_less_than_the_command() =>
        Assert.False(await MayAsync(int.MaxValue, Environment.UserName, TimeSpan.FromDays(100_000)));

    [Fact(Timeout = 60_000)]
    public async Task What_is_gone_may_be_looked_for_as_root() => Assert.True(await MayAsync(int.MaxValue, Environment.UserName, TimeSpan.Zero));

    private static async Task<bool> MayAsync(int processId, string user, TimeSpan passed)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", RemoteKill.Guard(processId, user, passed) + "echo may"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await shell.StandardOutput.ReadToEndAsync(Cancellation);
        await shell.WaitForExitAsync(Cancellation);
        Assert.Equal(said == "may\n" ? 0 : 3, shell.ExitCode);
        return said == "may\n";
    }
}
