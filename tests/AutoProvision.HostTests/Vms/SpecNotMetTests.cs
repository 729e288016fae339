using System.Text.Json;
using AutoProvision.HostTests.Support;
using AutoProvision.Vms;

namespace AutoProvision.HostTests.Vms;

/// <summary>A guest whose programs say that they did what they did not.</summary>
public sealed class SpecNotMetTests
{
    // In place of the programs themselves, since systemd asks for them by their paths; what the guest needs to come up and to let its first user
    // and the service in is done all the same. cloud-init changes the owners of files by itself, in a module that it has not read by then.
    private static string StandIns(string aptSource) => $$"""
        #cloud-config-archive
        - type: text/cloud-boothook
          content: |
            #!/bin/sh
            stand_in() {
              [ ! -e "$1.real" ] || return 0
              mv "$1" "$1.real"
              printf '#!/bin/sh\ncase " $* " in %s) ;; *) exec %s.real "$@" ;; esac\n' "$2" "$1" >"$1"
              chmod 755 "$1"
            }
            stand_in /usr/sbin/useradd '*" ghost "*'
            stand_in /usr/bin/mount '*" -a "* | *virtio-*'
            stand_in /usr/sbin/swapon '*'
            stand_in /usr/bin/chown '*"/home/jane "* | *"/home/jane/"*'
            stand_in /usr/bin/apt-get '*" install "*'
            sed -i 's/util\.chownbyname(/(lambda *owner: None)(/' /usr/lib/python3/dist-packages/cloudinit/config/cc_write_files.py
        - type: text/cloud-config
          content: |
            apt: {preserve_sources_list: false, sources_list: '{{aptSource}}'}

        """;

    [Fact(Timeout = 900_000)]
    public async Task What_was_only_said_to_be_done_makes_the_vm_degraded_and_each_thing_is_named()
    {
        await using var repository = await AptRepository.StartAsync();
        await using var app = new HostApp();
        var created = await app.CreateAsync(new
        {
            name = "unmet",
            // The last one: cloud-init makes no users after one that failed.
            users = new object[] { new { name = "jane", shell = "/bin/sh", sudo = true, groups = new[] { "crew" } }, new { name = "joe", shell = "/usr/bin/fish" }, new { name = "ghost", groups = new[] { "adm" } } },
            files = new object[]
            {
                new { path = "/etc/unmet/kept", content = "as given\n", mode = "0640", owner = "root:adm" },
                new { path = "/srv/unmet/theirs", content = "x\n", owner = "jane:crew" },
            },
            packages = new[] { AptRepository.Package, "coreutils", $"{AptRepository.Package}={AptRepository.Version}" },
            disks = new object[] { new { name = "data", sizeGiB = 1, mountPoint = "/data" }, new { name = "home", sizeGiB = 1, mountPoint = "/home/jane" }, new { name = "spare", sizeGiB = 1 } },
            swapMiB = 64,
            timezone = "Asia/Kathmandu",
            hosts = new[] { new { address = "192.0.2.7", names = new[] { "db.example", "db" } } },
            environment = new Dictionary<string, string> { ["A"] = "1" },
            userData = StandIns(repository.Source),
        });

        var vm = await app.WaitUntilMadeAsync(created.Id);

        Assert.True(vm.State == VmState.Degraded, JsonSerializer.Serialize(vm));
        TestContext.Current.SendDiagnosticMessage(vm.Failure!.Cause + "\n" + string.Join('\n', vm.Failure.Mismatches ?? []));
        await VerificationTimes.PrintAsync(app, vm.Id);
        Assert.Equal(("spec_not_met", "cloud-init", Verified.Partial), (vm.Failure.Code, vm.Failure.Step, vm.Verified));
        Assert.Equal(new Dictionary<string, string>
        {
            ["/files/0/owner"] = "root:root",
            ["/files/1/owner"] = "root:root",
            ["/packages/0"] = "not installed",
            ["/users/0/name"] = "the home belongs to root",
            ["/users/1/shell"] = "the guest has no /usr/bin/fish",
            ["/users/2/name"] = "no such user",
            ["/disks/0/mountPoint"] = "not mounted",
            ["/disks/1/mountPoint"] = "not mounted",
            ["/swapMiB"] = "no /swap.img in use",
        }, vm.Failure.Mismatches!.ToDictionary(it => it.Pointer, it => it.Seen));
        await app.DeleteAsync(vm.Id);
    }
}
