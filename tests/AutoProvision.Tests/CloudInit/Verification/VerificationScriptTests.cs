using static AutoProvision.CloudInit.Verification.SpecFinding;

namespace AutoProvision.CloudInit.Verification;

/// <summary>The rendered script, run by the shells of this machine in a tree of its own.</summary>
public sealed class VerificationScriptTests : IDisposable
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB";
    private const string Installed = """
        ii |parcel||
        iF |half||
        rc |gone||
        hi |held||
        ii |exim4|mail-transport-agent, smtpd (= 1.2)|
        """;

    // Who runs the tests owns what they make.
    private static readonly string Me = Environment.UserName;
    private readonly GuestTree _guest = new();

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void What_is_as_asked_is_ok(string shell)
    {
        _guest.AddUser("alice", id: GuestTree.MyId);
        _guest.Write("/etc/group", "crew:x:7:other,alice\n");
        _guest.Write("/home/alice/.ssh/authorized_keys", $"# a comment\nrestrict,pty {Key} me@here\n");
        _guest.Write("/etc/sudoers.d/90-cloud-init-users", "# User rules for alice\nalice ALL=(ALL) NOPASSWD:ALL\n");
        _guest.Program("sudo", "");
        _guest.Program("dpkg-query", $"cat <<'END'\n{Installed}\nEND\n");
        _guest.Write("/srv/it's \"$(id)\" é/a", "hi\n", "640");
        _guest.AddDisk("data", "vdc");
        _guest.AddDisk("spare", "vdd");
        _guest.Write("/proc/mounts", "rootfs / ext4 rw 0 0\n/dev/vdb /data xfs rw 0 0\n/dev/vdc /data ext4 rw,relatime 0 0\n/dev/vde /data/inner ext4 rw 0 0\n");
        _guest.Write("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/swap.img                               file\t\t131068\t\t0\t\t-2\n");
        _guest.Write("/usr/share/zoneinfo/Asia/Kathmandu", "TZif2 Kathmandu");
        _guest.Write("/etc/localtime", "TZif2 Kathmandu");
        _guest.Write("/etc/hosts", "127.0.0.1 localhost\n192.0.2.7\tdb.example\tdb\n");
        _guest.Write("/etc/environment", "PATH=\"/bin\"\n\nHOSTILE=\"it's \"$HOME\" `id` \\n\"\n");
        var script = new VerificationScript().HostName("/name", "web").User("/user", "alice").Shell("/shell", "/user", "/bin/sh").Group("/groups/0", "/user", "crew")
            .Key("/authorizedKeys/0", "/user", $"restrict,pty  {Key}  another comment").Sudo("/sudo", "/user", "alice")
            .File("/files/0", "/srv/it's \"$(id)\" é/a", Me, "0640", "hi\n"u8)
            .Package("/packages/0", "parcel").Package("/packages/1", "mail-transport-agent").Package("/packages/2", "smtpd").Package("/packages/3", "held")
            .Mount("/disks/0/mountPoint", "data", "/data").Disk("/disks/1", "spare").Swap("/swapMiB", 128).Timezone("/timezone", "Asia/Kathmandu")
            .Host("/hosts/0", "192.0.2.7", ["db.example", "db"]).Variable("/environment/HOSTILE", "HOSTILE", "it's \"$HOME\" `id` \\n");

        var found = _guest.Run(script, shell);

        Assert.All(script.Checks, check => Assert.Equal((check.Pointer, Ok), (check.Pointer, found.Findings.GetValueOrDefault(check.Pointer).Finding)));
        Assert.Equal(TimeSpan.Zero, found.Time);
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(_guest.AnswerFile));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void What_is_not_as_asked_is_named_with_what_is_there(string shell)
    {
        _guest.AddUser("app", shell: "/usr/bin/fish");
        _guest.Write("/home/app/.ssh/authorized_keys", $"restrict {Key}\n");
        _guest.Program("sudo", "");
        _guest.Program("dpkg-query", $"cat <<'END'\n{Installed}\nEND\n");
        _guest.Write("/srv/mode", "hi", "600");
        _guest.Write("/srv/content", "ho", "644");
        _guest.Write("/srv/length", "hiho", "644");
        _guest.AddDisk("data", "vdc");
        _guest.AddDisk("other", "vdd");
        _guest.Write("/proc/mounts", "/dev/vdd /data ext4 rw 0 0\n/dev/vdc /xfs xfs rw 0 0\n");
        _guest.Write("/proc/swaps", "Filename Type Size Used Priority\n/swap.img file 65532 0 -2\n");
        _guest.Write("/proc/sys/kernel/hostname", "localhost\n");
        _guest.Write("/usr/share/zoneinfo/Asia/Kathmandu", "TZif2 Kathmandu");
        File.CreateSymbolicLink(_guest.In("/etc/localtime"), _guest.In("/usr/share/zoneinfo/Etc/UTC"));
        _guest.Write("/usr/share/zoneinfo/Etc/UTC", "TZif2 UTC");
        _guest.Write("/etc/hosts", "192.0.2.7 db.example\n");
        _guest.Write("/etc/environment", "A=\"1\"\n");
        var script = new VerificationScript().HostName("/name", "web")
            .User("/users/0/name", "app").Shell("/users/0/shell", "/users/0/name", "/usr/bin/fish").Shell("/users/0/other", "/users/0/name", "/bin/sh")
            .Group("/users/0/groups/0", "/users/0/name", "adm").Group("/users/0/groups/1", "/users/0/name", "none").Key("/users/0/authorizedKeys/0", "/users/0/name", Key).Sudo("/users/0/sudo", "/users/0/name", "app")
            .User("/users/1/name", "ghost").Shell("/users/1/shell", "/users/1/name", "/bin/sh").Group("/users/1/groups/0", "/users/1/name", "adm")
            .File("/files/0", "/srv/none", "root:root", "0644", "hi"u8).File("/files/1", "/srv/mode", "ghost", "0644", "hi"u8).File("/files/2", "/srv/content", Me, "0644", "hi"u8).File("/files/3", "/srv/length", Me, "0644", "hi"u8)
            .Package("/packages/0", "half").Package("/packages/1", "gone").Package("/packages/2", "git")
            .Mount("/disks/0/mountPoint", "data", "/data").Mount("/disks/1/mountPoint", "data", "/xfs").Mount("/disks/2/mountPoint", "data", "/dat").Disk("/disks/3", "none")
            .Swap("/swapMiB", 128).Timezone("/timezone", "Asia/Kathmandu").Timezone("/other", "Asia/Nowhere").Host("/hosts/0", "192.0.2.7", ["db.example", "db"]).Variable("/environment/A", "A", "2");

        var found = _guest.Run(script, shell).Of(script.Checks).Where(it => it.Finding != Ok).ToDictionary(it => it.Check.Pointer, it => $"{it.Finding}: {it.Seen}");

        Assert.Equal(new Dictionary<string, string>
        {
            ["/name"] = "Differs: localhost",
            ["/users/0/name"] = $"Differs: the home belongs to {Me}",
            ["/users/0/shell"] = "Missing: the guest has no /usr/bin/fish",
            ["/users/0/other"] = "Differs: /usr/bin/fish",
            ["/users/0/groups/0"] = "Missing: not a member",
            ["/users/0/groups/1"] = "Missing: no such group",
            ["/users/0/authorizedKeys/0"] = "Missing: not in authorized_keys",
            ["/users/0/sudo"] = "Missing: no such rule",
            ["/users/1/name"] = "Missing: no such user",
            ["/files/0"] = "Missing: not there",
            ["/files/1/owner"] = found["/files/1/owner"],
            ["/files/1/mode"] = "Differs: 600",
            ["/files/2/content"] = "Differs: 2 other bytes",
            ["/files/3/content"] = "Differs: 4 bytes",
            ["/packages/0"] = "Differs: dpkg: iF ",
            ["/packages/1"] = "Missing: not installed",
            ["/packages/2"] = "Missing: not installed",
            ["/disks/0/mountPoint"] = "Differs: /dev/vdd",
            ["/disks/1/mountPoint"] = "Differs: /dev/vdc, xfs",
            ["/disks/2/mountPoint"] = "Missing: not mounted",
            ["/disks/3"] = "Missing: no such disk",
            ["/swapMiB"] = "Differs: 63 MiB",
            ["/timezone"] = "Differs: Etc/UTC",
            ["/other"] = "Missing: the guest does not know it",
            ["/hosts/0"] = "Missing: no such line",
            ["/environment/A"] = "Missing: no such line",
        }, found);
        Assert.StartsWith($"Differs: {Me}:", found["/files/1/owner"], StringComparison.Ordinal);
    }

    // Not busybox, whose shell takes its own stat before all others.
    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void Where_the_means_are_lacking_it_is_unknown(string shell)
    {
        _guest.AddUser("app");
        _guest.Write("/home/app/.ssh/authorized_keys", "");
        _guest.Write("/etc/ssh/sshd_config.d/10-keys.conf", "  authorizedkeysfile /etc/keys/%u\n");
        _guest.Program("stat", "echo garbage; echo more; echo still more; echo no end; exit 1\n");
        _guest.Write("/srv/a", "hi");
        _guest.AddDisk("data", "vdc");
        Directory.Delete(_guest.In("/dev/disk"), recursive: true);
        _guest.Write("/proc/mounts", "/dev/vdc /data ext4 rw 0 0\n");
        _guest.Program("dpkg-query", "exit 127\n");
        var script = new VerificationScript().User("/user", "app").Key("/authorizedKeys/0", "/user", Key)
            .File("/files/0", "/srv/a", "root:root", "0644", "hi"u8).SharedFile("/files/1", "/srv/a")
            .Mount("/disks/0/mountPoint", "data", "/data").Disk("/disks/1", "spare")
            .Package("/packages/0", "a=1").Package("/packages/1", "a/testing").Package("/packages/2", "a*").Package("/packages/3", "a-").Package("/packages/4", "a:i386").Package("/packages/5", "g++");

        var found = _guest.Run(script, shell).Of(script.Checks);

        Assert.Equal(["/files/0", "/files/1"], found.Where(it => it.Finding != Unknown).Select(it => it.Check.Pointer));
        Assert.Equal(script.Checks.Count, found.Count);
    }

    [Fact]
    public void A_guest_without_passwd_proc_or_instance_directory_ends_it_without_an_error()
    {
        Directory.Delete(_guest.In("/proc"), recursive: true);
        Directory.Delete(_guest.In("/etc"), recursive: true);
        var script = new VerificationScript().HostName("/name", "web").User("/user", "app").Mount("/disks/0/mountPoint", "data", "/data").Swap("/swapMiB", 1).Host("/hosts/0", "192.0.2.7", ["db"]);

        var found = _guest.Run(script);
        Directory.Delete(_guest.In("/var"), recursive: true);

        Assert.All(found.Of(script.Checks), it => Assert.Equal(Unknown, it.Finding));
        Assert.Null(found.Time);
        Assert.Equal("", _guest.RunText(script.Build()));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void Without_proc_it_is_unknown_what_is_mounted_or_swapped_to_and_keys_are_found_in_any_home(string shell)
    {
        Directory.Delete(_guest.In("/proc"), recursive: true);
        File.AppendAllText(_guest.In("/etc/passwd"), "app:x:9:9::/srv/app:/bin/sh\n");
        _guest.Write("/srv/app/.ssh/authorized_keys", $"{Key}\n");
        var script = new VerificationScript().HostName("/name", "web").User("/user", "app").Key("/authorizedKeys/0", "/user", Key).Mount("/disks/0/mountPoint", "data", "/data").Swap("/swapMiB", 1).Host("/hosts/0", "192.0.2.7", ["db"]);

        var found = _guest.Run(script, shell);

        Assert.Equal([Unknown, Unknown, Ok, Unknown, Unknown, Missing], found.Of(script.Checks).Select(it => it.Finding));
        Assert.Null(found.Time);
    }

    // In a copy the home was its user's for as long as the original ran.
    [Theory(Timeout = 30_000)]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public async Task A_pipe_or_an_endless_file_in_place_of_keys_or_rules_holds_nothing_up(string shell)
    {
        foreach (var (user, id) in new[] { ("app", 1001), ("ops", 1002), ("other", 1003), ("long", 1004) })
            _guest.AddUser(user, id: id);
        _guest.Pipe("/home/app/.ssh/authorized_keys");
        Directory.CreateDirectory(_guest.In("/home/ops/.ssh"));
        File.CreateSymbolicLink(_guest.In("/home/ops/.ssh/authorized_keys"), "/dev/zero");
        _guest.Pipe("/home/other/.ssh/authorized_keys");
        _guest.Write("/home/long/.ssh/authorized_keys", new string('#', 2_000_000) + $"\n{Key}\n");
        _guest.Pipe("/etc/sudoers.d/pipe");
        _guest.Write("/etc/sudoers.d/rules", "app ALL=(ALL) NOPASSWD:ALL\n");
        _guest.Program("sudo", "");
        var script = new VerificationScript().User("/user", "app").Key("/app", "/user", Key).Sudo("/sudo", "/user", "app")
            .User("/users/0/name", "ops").Key("/ops", "/users/0/name", Key).User("/users/1/name", "long").Key("/long", "/users/1/name", Key);

        var found = (await Task.Run(() => _guest.Run(script, shell), TestContext.Current.CancellationToken)).Findings;

        Assert.Equal([Missing, Ok, Missing, Unknown], new[] { "/app", "/sudo", "/ops", "/long" }.Select(pointer => found[pointer].Finding));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void Of_a_copy_neither_homes_nor_the_size_of_swap_are_looked_at(string shell)
    {
        File.AppendAllText(_guest.In("/etc/passwd"), "app:x:9:9::/home/gone:/bin/sh\n");
        _guest.Write("/proc/swaps", "Filename Type Size Used Priority\n/swap.img file 999996 0 -2\n");
        _guest.Write("/etc/sudoers.d/90-cloud-init-users", "app ALL=(ALL) NOPASSWD:ALL\n");
        _guest.Program("sudo", "");
        var script = new VerificationScript().Account("/user", "app").Sudo("/sudo", "/user", "app").Account("/users/0/name", "ghost").AnySwap("/swapMiB");

        Assert.Equal([Ok, Ok, Missing, Ok], _guest.Run(script, shell).Of(script.Checks).Select(it => it.Finding));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void A_directory_or_pipe_is_no_file_and_a_dpkg_that_says_nothing_leaves_all_unknown(string shell)
    {
        Directory.CreateDirectory(_guest.In("/srv/directory"));
        _guest.Pipe("/srv/pipe");
        _guest.Program("dpkg-query", "exit 2\n");
        var script = new VerificationScript().File("/files/0", "/srv/directory", Me, "0755", new byte[4096]).File("/files/1", "/srv/pipe", Me, "0644", ""u8).Package("/packages/0", "parcel");

        var found = _guest.Run(script, shell).Of(script.Checks);

        Assert.Equal([("/files/0", Missing, "not a regular file"), ("/files/1", Missing, "not a regular file"), ("/packages/0", Unknown, "no answer of dpkg")], found.Select(it => (it.Check.Pointer, it.Finding, it.Seen)));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void A_home_is_told_by_its_owners_id_and_one_that_the_image_made_is_unknown(string shell)
    {
        _guest.AddUser("alias", id: GuestTree.MyId);
        _guest.AddUser("app", id: GuestTree.MyId + 1);
        File.AppendAllText(_guest.In("/etc/passwd"), $"gone:x:9:9::/home/gone:/bin/sh\nbackup:x:{GuestTree.MyId + 1}:34::/var/backups:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n");
        Directory.CreateDirectory(_guest.In("/var/backups"));
        var script = new VerificationScript();
        foreach (var name in (string[])["alias", "app", "gone", "backup", "nobody"])
            script.User($"/{name}", name);

        Assert.Equal([Ok, Differs, Differs, Unknown, Unknown], _guest.Run(script, shell).Of(script.Checks).Select(it => it.Finding));
    }

    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void A_mount_below_a_symbolic_link_is_found_by_its_real_path(string shell)
    {
        Directory.CreateDirectory(_guest.In("/var/home/data"));
        Directory.CreateDirectory(_guest.In("/var/home/other"));
        File.CreateSymbolicLink(_guest.In("/home"), "var/home");
        _guest.AddDisk("data", "vdc");
        _guest.Write("/proc/mounts", "rootfs / ext4 rw 0 0\n/dev/vdc /var/home/data ext4 rw 0 0\n");
        var script = new VerificationScript().Mount("/disks/0/mountPoint", "data", "/home/data").Mount("/disks/1/mountPoint", "data", "/home/other").Mount("/disks/2/mountPoint", "data", "/none");

        Assert.Equal([Ok, Missing, Missing], _guest.Run(script, shell).Of(script.Checks).Select(it => it.Finding));
    }

    // As many lines as a block list has, each of which would cost as much as the rest of the script.
    [Theory]
    [MemberData(nameof(GuestTree.Shells), MemberType = typeof(GuestTree))]
    public void Lines_that_nobody_asks_for_are_not_read(string shell)
    {
        _guest.AddUser("jane.doe");
        _guest.Write("/etc/hosts", string.Concat(Enumerable.Range(0, 30_000).Select(number => $"192.0.2.7 ads{number}.example\n")) + " 192.0.2.7\tdb.example   db # ours\n192.0.2.7 dbxexample\n");
        _guest.Write("/etc/environment", "A=\"1\"\n" + string.Concat(Enumerable.Range(0, 30_000).Select(number => $"B{number}=x\n")));
        _guest.Program("grep", "/usr/bin/env -i PATH=/usr/bin:/bin grep \"$@\" >$0.lines; cat $0.lines; wc -l <$0.lines >>$0.count\n");
        var script = new VerificationScript().User("/user", "jane.doe").Group("/groups/0", "/user", "jane.doe").Variable("/environment/A", "A", "1").Host("/hosts/0", "192.0.2.7", ["db.example", "db"]).Host("/hosts/1", "192.0.2.7", ["ads1.example", "other"]);

        var found = _guest.Run(script, shell).Findings;

        Assert.Equal([Ok, Ok, Ok, Missing], new[] { "/groups/0", "/environment/A", "/hosts/0", "/hosts/1" }.Select(pointer => found[pointer].Finding));
        if (shell != "busybox")
            Assert.Equal("5", _guest.ProgramsFile("grep.count").Trim());
        Assert.DoesNotContain("/etc/hosts", new VerificationScript().User("/user", "app").Build().Split("\nbegan=")[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_the_script_nor_its_answer_has_a_files_content_and_only_the_script_a_variables_value()
    {
        _guest.Write("/etc/token", "another secret", "600");
        _guest.Write("/etc/environment", "TOKEN=\"another secret\"\n");
        var script = new VerificationScript().File("/files/0", "/etc/token", "root:root", "0600", "top secret"u8).Variable("/environment/TOKEN", "TOKEN", "variable's secret");

        var answer = _guest.RunText(script.Build());

        Assert.DoesNotContain("top secret", script.Build(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer + string.Concat(script.Checks.Select(check => check.Expected)), StringComparison.Ordinal);
        Assert.Contains("/files/0/content\tdiffers\t14 bytes", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void It_changes_nothing_but_its_answer_and_moves_out_of_a_copys_way()
    {
        const string Scripts = "/var/lib/cloud/scripts/per-instance";
        _guest.Write($"{Scripts}/000-verify", new VerificationScript().HostName("/name", "web").Build());
        _guest.Write("/etc/file", "x");
        var before = Directory.EnumerateFileSystemEntries(_guest.In("/etc"), "*", SearchOption.AllDirectories).Order().ToList();

        _guest.RunText($"exec sh {_guest.In(Scripts)}/000-verify {_guest.In("")}\n");

        Assert.Empty(Directory.EnumerateFiles(_guest.In(Scripts)));
        Assert.Equal(["autoprovision-verified", "autoprovision-verify", "obj.pkl"], Directory.EnumerateFiles(_guest.In("/var/lib/cloud/instance")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_guest.In("/etc"), "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public void What_is_seen_is_short_and_one_line_each()
    {
        _guest.Write("/proc/sys/kernel/hostname", new string('x', 5000) + "\n");
        _guest.Write("/etc/passwd", $"app:x:1:1::/home/app:{new string('/', 9000)}\t/\n");
        var script = new VerificationScript().HostName("/name", "web").User("/user", "app").Shell("/shell", "/user", "/bin/sh");

        var answer = _guest.RunText(script.Build());

        Assert.InRange(answer.Length, 100, 1000);
        Assert.Equal(["/name", "/shell", "/user", "time"], answer.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')[0]));
    }

    public void Dispose() => _guest.Dispose();
}
