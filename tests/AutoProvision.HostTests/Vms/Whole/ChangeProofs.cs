using System.Globalization;
using System.Net;
using AutoProvision.Fakes;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>The guest's console, marks, power, sizes and snapshots.</summary>
internal sealed class ChangeProofs(WholeGuest guest)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task TheConsoleIsFollowedAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{guest.Path}/console?tail=2") { Headers = { { "Accept", "text/event-stream" } } };
        using var followed = await guest.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var lines = new StreamReader(await followed.Content.ReadAsStreamAsync(Cancellation));
        // It follows before the line is written.
        Assert.Equal("event: line", await lines.ReadLineAsync(Cancellation));
        await guest.SayAsync("echo hi-from-exec | sudo tee /dev/ttyS0");

        string? line;
        while ((line = await lines.ReadLineAsync(Cancellation)) is not null && !line.Contains("hi-from-exec", StringComparison.Ordinal))
        {
        }

        Assert.NotNull(line);

        var tail = await guest.Http.GetStringAsync(new Uri($"{guest.Path}/console?tail=5", UriKind.Relative), Cancellation);
        Assert.Contains("hi-from-exec", tail, StringComparison.Ordinal);
        Assert.InRange(tail.Trim('\n').Split('\n').Length, 1, 5);
    }

    public async Task LabelsAreChangedAsync()
    {
        var changed = await PatchAsync(guest.Id, """{"labels": {"stage": null, "team": "a"}}""");
        Assert.Equal(["team=a"], changed.GetProperty("labels").EnumerateObject().Select(label => $"{label.Name}={label.Value.GetString()}"));
    }

    /// <summary>With its memory: what the guest holds in RAM comes back too, but for the time, which is set after the snapshot as well.</summary>
    public async Task ASnapshotComesBackAsync()
    {
        await guest.SayAsync("echo before | sudo tee file /data/file /run/file; sync");
        await guest.SetBackAsync();
        await guest.OperateAsync(HttpMethod.Post, "snapshots", """{"name": "before", "description": "All is well."}""");
        await guest.HasTheTimeAsync("snapshot");
        await guest.SayAsync("echo after | sudo tee file /data/file /run/file; sync");

        var vm = await guest.OperateAsync(HttpMethod.Post, "snapshots/before/restore");

        Assert.Equal((VmState.Ready, WholeSpec.Address), (vm.State, vm.Address));
        Assert.Equal("before before before", await guest.SayAsync("echo $(cat file /data/file /run/file)"));
        await guest.HasTheTimeAsync("restore");
        Assert.Equal("before", Assert.Single((await guest.Http.GetJsonAsync($"{guest.Path}/snapshots")).EnumerateArray()).GetProperty("name").GetString());
        await guest.OperateAsync(HttpMethod.Delete, "snapshots/before");
        Assert.Empty((await guest.Http.GetJsonAsync($"{guest.Path}/snapshots")).EnumerateArray());
    }

    /// <summary>Off, larger, and on again: what was made at the first boot is still there.</summary>
    public async Task ItIsStoppedResizedAndStartedAsync()
    {
        await guest.SayAsync("echo 192.0.2.9 exec.example | sudo tee -a /etc/hosts");
        Assert.Equal(VmState.Stopped, (await guest.OperateAsync(HttpMethod.Post, "stop")).State);
        // It was asked and went off itself; one that is switched off is "destroyed".
        Assert.Equal("shut off (shutdown)", (await Tool.VirshAsync("domstate", "--reason", $"{guest.Id}")).Trim());
        await guest.OperateAsync(HttpMethod.Post, "resize", """{"cpus": 1, "memoryMiB": 1280, "diskGiB": 6}""");

        var vm = await guest.OperateAsync(HttpMethod.Post, "start");

        Assert.Equal((VmState.Ready, WholeSpec.Address, 1, 1280, 6), (vm.State, vm.Address, vm.Cpus, vm.MemoryMiB, vm.DiskGiB));
        Assert.Equal("1", await guest.SayAsync("nproc"));
        Assert.InRange(int.Parse(await guest.SayAsync("sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"), CultureInfo.InvariantCulture) / 1024, 1100, 1280);
        Assert.InRange(int.Parse(await guest.SayAsync("df --output=size -BM / | tail -1 | tr -dc 0-9"), CultureInfo.InvariantCulture), 5500, 6144);
        await guest.SayAsync("cloud-init status --wait || [ $? = 2 ]");
        // Written by a command at the first boot, and by exec before this one.
        Assert.Equal("192.0.2.8 late.example|192.0.2.9 exec.example|127.0.1.1", await guest.SayAsync("echo $(getent hosts late.example)'|'$(getent hosts exec.example)'|'$(grep whole /etc/hosts | cut -f1 | xargs)"));
        Assert.Equal("whole: ours script theirs, ours ours theirs theirs", await guest.SayAsync("echo $(hostname): $(sort /var/lib/ran), $(sort /var/lib/boots)"));
    }

    public async Task<System.Text.Json.JsonElement> PatchAsync(Guid id, string patch)
    {
        using var content = new StringContent(patch, new System.Net.Http.Headers.MediaTypeHeaderValue("application/merge-patch+json"));
        using var answer = await guest.Http.PatchAsync(new Uri($"/vms/{id}", UriKind.Relative), content, Cancellation);
        return await answer.ReadJsonAsync(HttpStatusCode.OK);
    }
}
