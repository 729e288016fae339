using System.Globalization;

namespace AutoProvision.Provisioning.Steps;

/// <summary>
/// Asks a guest whose cloud-init has a <c>power_state</c> what becomes of it. A child of cloud-init's carries it out: it looks every 250 ms whether
/// its parent has ended, then decides the condition, calls shutdown(8), and ends (run_after_pid_gone in cc_power_state_change.py). So
/// there is nothing more to come once no process of cloud-init's runs, and what came is systemd's to tell.
/// </summary>
internal static class PowerProbe
{
    /// <summary>Tells the boot id, which differs after each boot.</summary>
    public const string BootId = "cat /proc/sys/kernel/random/boot_id";

    // grep's own argument, and that of the shell, are other than a path. A shutdown that was asked for may wait for a program's delay lock
    // (PreparingForShutdown); one for later is in a file of logind's.
    private const string Look = """
        while grep -qszx "[^ ]*/cloud-init" /proc/[0-9]*/cmdline; do sleep 0.25 || sleep 1; done
        cat /proc/sys/kernel/random/boot_id
        file=/run/systemd/shutdown/scheduled
        if command -v systemctl >/dev/null; then
          if [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]; then echo down
          elif [ -s $file ]; then echo scheduled $(sed -n "s/^USEC=//p" $file) $(date +%s)
          elif busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager PreparingForShutdown 2>/dev/null | grep -q true; then echo down
          else echo stays
          fi
        else echo unknown
        fi
        sed -n "s/.*cc_power_state_change.py\[[A-Z]*\]: //p" /var/log/cloud-init.log 2>/dev/null | tail -n 1 | cut -c 1-300
        """;

    public const string Script = $$"""
        look='{{Look}}'
        if test "$(id -u)" = 0 || ! sudo -n true 2>/dev/null; then sh -c "$look"; else sudo -n sh -c "$look"; fi
        """;

    /// <summary>Null for anything but an answer, such as what a guest that goes down left of it.</summary>
    public static PowerAnswer? Parse(string text) => text.Split('\n') is not [var boot, var line, .. var said] ? null : line.Split(' ') switch
    {
        ["stays"] => new(boot, PowerFate.StaysUp, Said(said)),
        ["down"] => new(boot, PowerFate.GoesDown, Said(said)),
        ["unknown"] => new(boot, PowerFate.Unknown, Said(said)),
        ["scheduled", var at, var now] when Number(at) is { } microseconds && Number(now) is { } seconds => new(boot, PowerFate.Later, Said(said)) { Left = TimeSpan.FromSeconds(Math.Max(0, (microseconds / 1e6) - seconds)) },
        _ => null,
    };

    private static string Said(string[] lines) => lines.FirstOrDefault("").Trim();

    // Far from what a span of time can hold.
    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 1L << 53 ? number : null;
}

/// <summary>What becomes of a guest.</summary>
internal enum PowerFate
{
    StaysUp,
    GoesDown,

    /// <summary>At a set time.</summary>
    Later,

    /// <summary>There is no systemd to tell.</summary>
    Unknown,
}

/// <param name="Boot">The guest's boot id.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Said">cloud-init's last words about it; empty where its log has none.</param>
internal sealed record PowerAnswer(string Boot, PowerFate Fate, string Said)
{
    /// <summary>How long until it goes down, of <see cref="PowerFate.Later"/>.</summary>
    public TimeSpan Left { get; init; }
}
