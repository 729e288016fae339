using System.Diagnostics;

namespace AutoProvision.Ssh;

/// <summary>What root ends is the command's: the real script, on this machine's processes.</summary>
public sealed class RemoteKillTests
{
    private static readonly string Boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Only_what_comes_from_the_users_own_login_is_ended_as_root()
    {
        using var running = Process.Start("sleep", "60");
        try
        {
            Assert.True(await MayAsync(running.Id, Environment.UserName, Boot));
            Assert.False(await MayAsync(running.Id, "nobody", Boot));
            Assert.False(await MayAsync(running.Id, "no such user", Boot));
        }
        finally
        {
            running.Kill();
        }
    }

    /// <summary>The guest was started again meanwhile, and the number may be anybody's.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("00000000-0000-4000-8000-000000000000")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Nothing_is_ended_as_root_on_another_boot_or_an_unknown_one(string? boot) =>
        Assert.False(await MayAsync(int.MaxValue, Environment.UserName, boot));

    [Fact(Timeout = 60_000)]
    public async Task What_is_gone_may_be_looked_for_as_root() => Assert.True(await MayAsync(int.MaxValue, Environment.UserName, Boot));

    private static async Task<bool> MayAsync(int processId, string user, string? boot)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", RemoteKill.Guard(processId, user, boot) + "echo may"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await shell.StandardOutput.ReadToEndAsync(Cancellation);
        await shell.WaitForExitAsync(Cancellation);
        Assert.Equal(said == "may\n" ? 0 : 3, shell.ExitCode);
        return said == "may\n";
    }
}
