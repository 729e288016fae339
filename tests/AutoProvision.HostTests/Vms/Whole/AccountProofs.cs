using System.Net;
using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.Fakes;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>The service's own account in the guest.</summary>
internal sealed class AccountProofs(WholeGuest guest)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task ItIsThereAndDoesItsWorkAsync()
    {
        const string Home = "/var/lib/autoprovision-guest";
        await guest.Http.GetJsonAsync($"{guest.Path}/files/stat?path=/root");

        var told = (await guest.SayAsync($"""
            getent passwd autoprovision-guest | cut -d: -f6,7
            sudo getent shadow autoprovision-guest | cut -d: -f2
            sudo stat -c '%U:%G %a' {Home} {Home}/.ssh {Home}/.ssh/authorized_keys /etc/sudoers.d/autoprovision-guest
            id -u
            [ $(id -u autoprovision-guest) -lt 1000 ] && echo system
            stat -c %U /proc/[0-9]* 2>/dev/null | grep -x autoprovision-guest | sort -u
            """)).Split('\n');

        Assert.Equal([$"{Home}:/bin/sh", "*", "root:root 755", "root:root 755", "root:root 644", "root:root 440", "1000", "system", "autoprovision-guest"], told);
        Assert.DoesNotContain(await guest.App.HistoryAsync(guest.Id), what => what.Message?.Contains("own account", StringComparison.Ordinal) == true);
    }

    /// <summary>Its user cannot run anything any more: it is unreachable, and yet its files are there, by which it is mended.</summary>
    public async Task AUserWithoutAShellIsMendedByFilesAsync()
    {
        await guest.SayAsync("sed -i '1i echo Welcome; echo Welcome >&2' ~/.bashrc; sudo usermod -s /usr/sbin/nologin debian");

        var shutOut = await RestartAsync();
        Assert.Equal((VmState.Unreachable, "ssh_command_failed"), (shutOut.State, shutOut.Failure?.Code));
        Assert.Contains("not available", shutOut.Failure!.Evidence, StringComparison.Ordinal);
        using (var refused = await guest.Http.PostJsonAsync($"{guest.Path}/exec", """{"shell": "true"}"""))
            Assert.NotEqual(HttpStatusCode.OK, refused.StatusCode);
        var passwd = new Uri($"{guest.Path}/files?path=/etc/passwd", UriKind.Relative);
        var users = await guest.Http.GetStringAsync(passwd, Cancellation);
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(users.Replace(":/home/debian:/usr/sbin/nologin", ":/home/debian:/bin/bash", StringComparison.Ordinal)))
        {
            Headers = { ContentType = new("application/octet-stream") },
        };
        using (var mended = await guest.Http.PutAsync(passwd, content, Cancellation))
            Assert.True(mended.IsSuccessStatusCode);

        await guest.App.UntilAsync(guest.Id, what => what.Seq > shutOut.Version && what is { Type: VmEventType.State, State: VmState.Ready });
        Assert.Null((await guest.App.GetAsync(guest.Id)).Failure);
        // What the user's own start-up file prints is in the output of the user's commands.
        Assert.Equal("Welcome\n0644 root", await guest.SayAsync("stat -c '0%a %U' /etc/passwd"));
    }

    private async Task<VmResource> RestartAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{guest.Path}/restart") { Headers = { { "Prefer", "wait=600" } } };
        using var answer = await guest.Http.SendAsync(request, Cancellation);
        return (await answer.ReadJsonAsync(HttpStatusCode.Accepted)).Deserialize<VmResource>(HostApp.Json)!;
    }
}
