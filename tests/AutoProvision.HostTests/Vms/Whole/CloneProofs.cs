using System.Text.Json;
using AutoProvision.Api;
using AutoProvision.Fakes;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>A copy of the guest while it runs, until the copy expires.</summary>
internal sealed class CloneProofs(WholeGuest guest)
{
    public async Task ACopyIsAMachineOfItsOwnAsync()
    {
        var before = await HostSnapshot.TakeAsync(guest.App);
        await guest.SayAsync("echo copied | sudo tee /data/copied");
        await guest.SetBackAsync();
        using var answer = await guest.Http.PostJsonAsync($"{guest.Path}/clone", """{"name": "copy"}""");
        var id = await guest.AcceptedAsync(answer);

        var copy = await guest.App.WaitUntilMadeAsync(id);

        Assert.True(copy is { State: VmState.Ready, Verified: Verified.Full }, JsonSerializer.Serialize(copy));
        await guest.HasTheTimeAsync("copy");
        await OnesOwnAsync(await guest.App.GetAsync(guest.Id), copy);
        Assert.Equal("copy: ours script theirs, copied, ext4", await guest.SayAsync(id, "echo $(hostname): $(sort /var/lib/ran), $(cat /data/copied), $(findmnt -no FSTYPE /data)"));
        Assert.Equal("192.0.2.7 db.example db|127.0.1.1 copy copy", await guest.SayAsync(id, "echo $(getent hosts db)'|'$(grep ^127.0.1.1 /etc/hosts)"));
        Assert.Equal(WholeSpec.Hostile, await guest.SayAsync(id, "printf %s \"$HOSTILE\""));
        await ExpireAsync(copy);
        Assert.Empty(await HostSnapshot.NewSinceAsync(guest.App, before));
    }

    private async Task OnesOwnAsync(VmResource source, VmResource copy)
    {
        Assert.Equal((source.Id, WholeSpec.Address), (copy.CloneOf, source.Address));
        Assert.NotEqual((source.Address, source.HostKey, source.PublicKey), (copy.Address, copy.HostKey, copy.PublicKey));
        // Both, each at its own address, at the same time.
        const string Who = "hostname; cat /etc/machine-id; sudo sh -c 'cat /etc/ssh/ssh_host_*_key.pub'; hostname -I";
        var both = await Task.WhenAll(guest.SayAsync(source.Id, Who), guest.SayAsync(copy.Id, Who));
        var (one, other) = (both[0].Split('\n'), both[1].Split('\n'));
        Assert.Equal(("whole", "copy"), (one[0], other[0]));
        Assert.NotEqual(one[1], other[1]);
        Assert.NotEqual(one[2], other[2]);
        Assert.StartsWith(copy.HostKey!, other[2], StringComparison.Ordinal);
        Assert.Empty(one[3].Split(' ', StringSplitOptions.RemoveEmptyEntries).Intersect(other[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Contains(copy.Address!, other[3], StringComparison.Ordinal);
        const string Account = "sudo cat /var/lib/autoprovision-guest/.ssh/authorized_keys";
        Assert.NotEqual(await guest.SayAsync(source.Id, Account), await guest.SayAsync(copy.Id, Account));
        var keys = await guest.SayAsync(copy.Id, "cat ~/.ssh/authorized_keys");
        Assert.DoesNotContain(source.PublicKey!.Split(' ')[1], keys, StringComparison.Ordinal);
        Assert.Contains(copy.PublicKey!.Split(' ')[1], keys, StringComparison.Ordinal);
    }

    private async Task ExpireAsync(VmResource copy)
    {
        await new ChangeProofs(guest).PatchAsync(copy.Id, """{"expiresIn": "5s"}""");
        var deleted = await guest.App.WaitAsync(copy.Id, VmState.Deleted);
        Assert.Empty(deleted.Leftovers);
        Assert.Equal("whole", await guest.SayAsync("hostname"));
    }
}
