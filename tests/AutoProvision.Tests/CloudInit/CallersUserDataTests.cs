using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

public class CallersUserDataTests
{
    [Theory]
    [InlineData("#cloud-config\npackages: [git]\n", "text/cloud-config")]
    [InlineData("\n\n #Cloud-Config\r\npackages: [git]\r\n", "text/cloud-config")]
    [InlineData("#cloud-config\n# mime-version: 1.0\n{}\n", "text/cloud-config")]
    [InlineData("#!/bin/sh\r\necho\r\n", "text/x-shellscript")]
    [InlineData("#cloud-boothook\n#!/bin/sh\necho\n", "text/cloud-boothook")]
    public void A_kind_is_known_by_its_beginning(string text, string type)
    {
        var part = Assert.Single(CallersUserData.Parse(text).Parts);
        Assert.Equal(type, part.ContentType);
        Assert.Equal(text, part.Body);
        Assert.Equal("part-001", part.FileName);
    }

    [Fact]
    public void A_mime_message_is_taken_apart()
    {
        var parts = CallersUserData.Parse(Mime(
            "Content-Type: text/cloud-config\nMerge-Type: list(append)+dict(recurse_list)+str()\n\nruncmd: [[echo, grüße]]\n",
            "Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=\"a/b c.sh\"\nContent-Transfer-Encoding: base64\n\nIyEvYmluL3NoCg==\n",
            "Content-Type: text/x-shellscript-per-boot\n\n#!/bin/sh\n",
            "\n#cloud-config\n{}\n")).Parts;

        Assert.Equal(["text/cloud-config", "text/x-shellscript", "text/x-shellscript-per-boot", "text/cloud-config"], parts.Select(part => part.ContentType));
        Assert.Equal(["part-001", "a_bc.sh", "part-003", "part-004"], parts.Select(part => part.FileName));
        Assert.Equal("list(append)+dict(recurse_list)+str()", parts[0].MergeType);
        Assert.Contains("grüße", parts[0].Body, StringComparison.Ordinal);
        Assert.Equal("#!/bin/sh\n", parts[1].Body);
    }

    [Fact]
    public void An_archive_is_taken_apart()
    {
        var parts = CallersUserData.Parse("#cloud-config-archive\n- \"#!/bin/sh\\necho\\n\"\n- type: text/cloud-config\n  content: |\n    packages: [git]\n").Parts;
        Assert.Equal(["text/x-shellscript", "text/cloud-config"], parts.Select(part => part.ContentType));
    }

    [Theory]
    [InlineData("", "known kind")]
    [InlineData("packages: [git]", "known kind")]
    [InlineData("\uFEFF#cloud-config\n{}", "byte order mark")]
    [InlineData("#include http://192.0.2.1/", "fetched")]
    [InlineData("#include-once\nhttp://192.0.2.1/", "fetched")]
    [InlineData("#part-handler\n", "how cloud-init reads")]
    [InlineData("## template: jinja\n#cloud-config\n{}", "filled in")]
    [InlineData("#cloud-config-jsonp\n[]", "already set")]
    [InlineData("\n#!/bin/sh\n", "\"#!\"")]
    [InlineData("#cloud-boothook\necho\n", "\"#!\"")]
    [InlineData("#cloud-config-archive\n{}", "list")]
    [InlineData("#cloud-config-archive\n- 5", "neither")]
    [InlineData("#cloud-config-archive\n[]", "no parts")]
    [InlineData("#cloud-config-archive\n- {type: text/part-handler, content: x}", "how cloud-init reads")]
    [InlineData("#cloud-config\nruncmd: [\"a\0\"]", "NUL")]
    public void What_cannot_be_taken_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => CallersUserData.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Content-Type: text/x-include-url\n\nhttp://192.0.2.1/\n", "fetched")]
    [InlineData("Content-Type: text/plain\n\n#include http://192.0.2.1/\n", "fetched")]
    [InlineData("Content-Type: text/plain\n\nhello\n", "not taken")]
    [InlineData("Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\nH4sI\n", "compressed")]
    [InlineData("Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n/w==\n", "UTF-8")]
    [InlineData("Content-Type: message/rfc822\n\nSubject: a\n\nb\n", "not taken")]
    [InlineData("Content-Type: text/plain\n\n#cloud-config-archive\n- \"#!/bin/sh\"\n", "archive")]
    [InlineData("Content-Type: text/cloud-config\nMerge-Type: magic()\n\n{}\n", "magic()")]
    [InlineData("Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=runcmd\n\n#!/bin/sh\n", "runcmd")]
    [InlineData("Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename=part-002\n\n#!/bin/sh\n", "part-002", "Content-Type: text/x-shellscript\n\n#!/bin/sh\n")]
    public void A_part_that_cannot_be_taken_is_refused_with_the_reason(string part, string reason, string? another = null)
    {
        var text = another is null ? Mime(part) : Mime(part, another);
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => CallersUserData.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("preserve_hostname: false")]
    [InlineData("preserve_hostname: no")]
    [InlineData("prefer_fqdn_over_hostname: false")]
    [InlineData("create_hostname_file: true")]
    [InlineData("manual_cache_clean: off")]
    [InlineData("allow_userdata: true")]
    [InlineData("output: {all: '| tee -a /var/log/cloud-init-output.log'}")]
    [InlineData("output: {init: {output: '>> /var/log/cloud-init-output.log', error: '&1'}, final: ['| tee -a /var/log/cloud-init-output.log', '&1']}")]
    [InlineData("users: [jane.doe, {name: john.doe}]")]
    public void What_says_no_more_than_the_default_is_taken(string yaml) => CallersUserData.Parse("#cloud-config\n" + yaml);

    [Theory]
    [InlineData("preserve_hostname: 'false'")]
    [InlineData("create_hostname_file: false")]
    [InlineData("output: {}")]
    [InlineData("output: {all: '| tee -a /var/log/cloud-init-output.log', final: '| cat >/dev/null'}")]
    [InlineData("output: '| tee -a /var/log/cloud-init-output.log'")]
    [InlineData("output: {all: ['>> /var/log/cloud-init-output.log', '>> /var/log/errors']}")]
    public void What_says_something_else_is_refused(string yaml) =>
        Assert.Contains("has the key", Assert.Throws<ArgumentException>(() => CallersUserData.Parse("#cloud-config\n" + yaml)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("users: bob")]
    [InlineData("users:")]
    [InlineData("users: {bob: {}}")]
    [InlineData("users: [5]")]
    [InlineData("users: [true]")]
    [InlineData("users: [[bob]]")]
    [InlineData("users: [{shell: /bin/sh}]")]
    [InlineData("users: [{name: default, ssh_authorized_keys: [x]}]")]
    [InlineData("users: [{name: Bob}]")]
    [InlineData("users: !!set {bob}")]
    [InlineData("\"users\": bob")]
    [InlineData("!!str users: bob")]
    [InlineData("a: &a {users: bob}\n<<: *a")]
    [InlineData("a: &a bob\nusers: *a")]
    [InlineData("a: 1 # \u2028users: bob")]
    [InlineData("a: 1 # \u0085users: bob")]
    [InlineData("user: bob")]
    [InlineData("write_files: [/etc/motd]")]
    [InlineData("write_files: [{content: x}]")]
    [InlineData("write_files: [{path: ''}]")]
    [InlineData("write_files:\n- path: /a\n-")]
    [InlineData("bootcmd: echo")]
    [InlineData("bootcmd: [5]")]
    [InlineData("runcmd: [{a: b}]")]
    [InlineData("packages: git")]
    [InlineData("packages: [{snap: [a]}]")]
    [InlineData("packages: [[a, b, c]]")]
    [InlineData("mounts: [/dev/vdb]")]
    [InlineData("mounts: [[]]")]
    [InlineData("mount_default_fields: [a]")]
    [InlineData("fs_setup: [a]")]
    [InlineData("groups: [5]")]
    [InlineData("groups: {a: }")]
    [InlineData("device_aliases: []")]
    [InlineData("merge_how: magic()")]
    [InlineData("merge_how: list(recurse_dict)")]
    [InlineData("merge_how: [{name: list, settings: [recurse_dict]}]")]
    [InlineData("merge_how: [[list, append]]")]
    [InlineData("password: secret")]
    [InlineData("chpasswd: {list: ['debian:x']}")]
    [InlineData("chpasswd: {expire: true, list: ['debian:x']}")]
    [InlineData("cloud_init_modules: []")]
    [InlineData("cloud_config_modules: []")]
    [InlineData("cloud_final_modules: []")]
    [InlineData("system_info: {}")]
    [InlineData("datasource_list: [None]")]
    [InlineData("datasource: {}")]
    [InlineData("allow_userdata: false")]
    [InlineData("manual_cache_clean: true")]
    [InlineData("output: {all: '>/dev/null'}")]
    [InlineData("network: {config: disabled}")]
    [InlineData("preserve_hostname: true")]
    [InlineData("prefer_fqdn_over_hostname: true")]
    [InlineData("a: !!python/object:os.system x")]
    [InlineData("a: !mine x")]
    [InlineData("? [a]\n: b")]
    [InlineData("a: 1\na: 2")]
    [InlineData("- a")]
    [InlineData("a: 1\n---\nb: 2")]
    [InlineData("a: [")]
    [InlineData("")]
    public void Cloud_config_that_could_break_ours_is_refused(string yaml)
    {
        Assert.Throws<ArgumentException>(() => CallersUserData.Parse("#cloud-config\n" + yaml));
        Assert.Throws<ArgumentException>(() => CallersUserData.Parse(Mime($"Content-Type: text/cloud-config; charset=utf-8\n\n{yaml}\n")));
    }

    [Theory]
    [InlineData("users: [default, bob, {name: eve, sudo: null, uid: 2000}]")]
    [InlineData("users: [{name: default}]")]
    [InlineData("users: []")]
    [InlineData("write_files: [{path: /a, content: !!binary AP8=, append: yes}]")]
    [InlineData("bootcmd: [echo, [a, '5']]")]
    [InlineData("runcmd: [echo, [a, '5'], null]")]
    [InlineData("packages: [git, [vim, '2']]")]
    [InlineData("mounts: [[/dev/vdb, /a, auto, defaults, '0', '2']]")]
    [InlineData("groups: [a, {b: [c]}]")]
    [InlineData("groups: a,b")]
    [InlineData("merge_how: \"List(Append) + dict(no_replace, recurse_list)\"")]
    [InlineData("merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]")]
    [InlineData("password: secret\nchpasswd: {expire: no}")]
    [InlineData("hostname: other\nssh_keys: {}\nssh_pwauth: true\nswap: {size: 5}")]
    [InlineData("!!str users: [bob]")]
    [InlineData("a: &a {packages: [git]}\n<<: *a")]
    [InlineData("fs_setup: [{device: /dev/vdb, filesystem: ext4, partition: 1}]")]
    [InlineData("\"a\\u2028\": 1")]
    public void Cloud_config_that_cannot_is_taken(string yaml) => CallersUserData.Parse("#cloud-config\n" + yaml);

    [Theory]
    [InlineData("a: !!int x", "line 2: \"x\" is not an integer")]
    [InlineData("a:\n  b: 2001-13-01", "line 3: \"2001-13-01\" is a date or time that does not exist")]
    [InlineData("a: =", "line 2: a plain = is not a value; quote it")]
    [InlineData("a: {b: <<}", "line 2: a plain << is not a value; quote it")]
    [InlineData(": a", "line 2: ")]
    [InlineData("a:\n\tb: c", "line 3: a tab indents the line; use spaces")]
    [InlineData("-\tb: c", "line 2: a key and its \":\" cannot stand here (the line has a tab; use spaces)")]
    [InlineData("a: \"\\ud83d\"", "line 2: half of a surrogate pair")]
    [InlineData("a: {1: b, 0x1: c}", "line 2: the key 0x1 is there twice")]
    [InlineData("a: {1: b, yes: c}", "line 2: the key yes is there twice")]
    [InlineData("a: {<<: b}", "line 2: \"<<\" merges a mapping")]
    [InlineData("a: !mine x", "line 2: has the tag !mine")]
    public void What_cloud_init_could_not_load_is_refused_with_its_line(string yaml, string reason) => Refused(yaml, reason);

    [Theory]
    [InlineData("write_files: [{path: /a, permissions: 644}]", "/write_files/0/permissions (line 2) is the number 644, not a text: write \"644\" in quotes")]
    [InlineData("write_files:\n- path: /a\n  permissions: 0644", "/write_files/0/permissions (line 4) is the number 420 (written 0644), not a text: write \"0644\" in quotes")]
    [InlineData("write_files: [{path: /a, append: 'yes'}]", "/write_files/0/append (line 2) is the text \"yes\", not true or false: write yes without quotes")]
    [InlineData("runcmd: [[sleep, 5]]", "/runcmd/0/1 (line 2) is the number 5, not a text: write \"5\" in quotes")]
    [InlineData("mounts: [[/dev/vdb, null]]", "/mounts/0/1 (line 2) is nothing, not a text: give it a value, or leave it out")]
    [InlineData("users: [{name: eve, expiredate: 2032-09-01}]", "/users/0/expiredate (line 2) is the date 2032-09-01, not a text: write \"2032-09-01\" in quotes")]
    [InlineData("users: [{name: eve, lock_passwd: 1}]", "/users/0/lock_passwd (line 2) is the number 1, not true or false")]
    [InlineData("swap: nothing", "/swap (line 2) is the text \"nothing\", not a mapping")]
    [InlineData("ssh_authorized_keys: ssh-ed25519", "/ssh_authorized_keys (line 2) is the text \"ssh-ed25519\", not a list: write [\"ssh-ed25519\"]")]
    [InlineData("timezone: no", "/timezone (line 2) is the boolean false (written no), not a text: write \"no\" in quotes")]
    [InlineData("timezone: 5\nlocale_configfile: 6", "; /locale_configfile (line 3) is the number 6")]
    [InlineData("ubuntu_pro: 5", "/ubuntu_pro (line 2) is the number 5, not a mapping")]
    public void A_type_that_no_cloud_init_takes_is_refused_with_its_place_and_what_mends_it(string yaml, string reason) => Refused(yaml, reason);

    private static void Refused(string yaml, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => CallersUserData.Parse("#cloud-config\n" + yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void Keys_that_no_cloud_init_knows_are_told()
    {
        var userData = CallersUserData.Parse("#cloud-config\nfoo: 1\n\"a/b\": 2\nmerge_how: str()\nwrite_files: [{path: /a, perms: '0644', source: {uri: x}}]\nsnap: {commands: [a]}\nubuntu_pro: {}\nubuntu_advantage: {}");
        Assert.Equal(["/foo", "/a~1b", "/write_files/0/perms"], userData.Unknown);
    }

    [Fact]
    public void What_an_older_version_took_goes_to_the_guest_as_it_was()
    {
        const string Lost = "#cloud-config\na: !!int x\n";
        Assert.Equal(Lost, Assert.Single(CallersUserData.Reparse(Lost).Parts).Rendered);
        const string WrongType = "#cloud-config\nswap: nothing\n";
        Assert.Equal("#cloud-config\n\"swap\": \"nothing\"\n", Assert.Single(CallersUserData.Reparse(WrongType).Parts).Rendered);
    }

    [Fact]
    public void The_vms_own_users_are_not_described_twice()
    {
        var refused = Assert.Throws<ArgumentException>(() => CallersUserData.Parse("#cloud-config\nusers: [{name: debian, inactive: true}]", Own));
        Assert.Contains("debian", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CallersUserData.Parse("#cloud-config\nusers: [debian]", Own));
        Assert.Throws<ArgumentException>(() => CallersUserData.Parse($"#cloud-config\nusers: [{ServiceAccount.Name}]", Own));
    }

    [Theory]
    [InlineData("/etc/motd")]
    [InlineData("//etc/./motd")]
    [InlineData("/etc/motd/")]
    [InlineData("/srv/../etc/motd")]
    [InlineData("etc/motd")]
    [InlineData("/home/debian/.ssh/authorized_keys")]
    [InlineData("/etc/ssh/ssh_host_ed25519_key")]
    [InlineData("/etc/sudoers.d/90-first-user")]
    [InlineData("/var/lib/cloud/scripts/per-instance/000-settle")]
    [InlineData(ServiceAccount.Home + "/.ssh/authorized_keys")]
    [InlineData(ServiceAccount.Sudoers)]
    public void The_vms_own_files_are_not_written_twice(string path)
    {
        var refused = Assert.Throws<ArgumentException>(() => CallersUserData.Parse($"#cloud-config\nwrite_files: [{{path: /a, content: x}}, {{path: {path}, content: x, defer: true}}]", Own));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_files_are() => CallersUserData.Parse("#cloud-config\nwrite_files: [{path: /etc/motd.d/mine, content: x}, {path: /home/bob/.ssh/authorized_keys, content: x}]", Own);

    private static OwnDescriptions Own => OwnDescriptions.Of(["debian"], ["/etc/motd"]);

    [Fact]
    public void Depth_and_aliases_cannot_overrun_the_service()
    {
        Assert.Throws<InputLimitException>(() => CallersUserData.Parse("#cloud-config\na: " + new string('[', 200_000)));
        var laughs = string.Concat(Enumerable.Range(1, 40).Select(at => $"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\n"));
        Assert.Throws<InputLimitException>(() => CallersUserData.Parse("#cloud-config\na0: &a0 x\n" + laughs));
    }

    public static string Mime(params string[] parts) =>
        "Content-Type: multipart/mixed; boundary=\"b\"\nMIME-Version: 1.0\n\n" + string.Concat(parts.Select(part => "--b\n" + part + "\n")) + "--b--\n";
}
