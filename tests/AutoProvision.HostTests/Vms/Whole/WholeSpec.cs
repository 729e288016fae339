using AutoProvision.HostTests.Support;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>A spec with everything that a guest is to have, and user-data that fights it. The guest needs no internet access.</summary>
internal static class WholeSpec
{
    public const string Address = "192.168.122.77";
    public const string Hostile = "it's \"$HOME\" `id` $(id) \\n \\ ; & | = é€";
    public const string TopLevelKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEuKh0f4r0P5tGTTXkLSMgEO1nVZJ5mGoGrzlLgEexB top-level";
    public const string Spaced = "  two  spaces  ";

    /// <param name="aptSource">The line of sources.list that names the repository of <see cref="AptRepository.Package"/>.</param>
    /// <param name="lan">A network with IPv6.</param>
    /// <param name="key">The public line of somebody's own key.</param>
    public static string Yaml(string aptSource, string lan, string key) => $$"""
        name: whole
        cpus: 2
        memoryMiB: 1024
        diskGiB: 4
        disks:
          - { name: data, sizeGiB: 1, mountPoint: /data }
          - { name: spare, sizeGiB: 1 }
          - { name: home, sizeGiB: 1, mountPoint: /home/jane.doe }
          - { name: inner, sizeGiB: 1, mountPoint: /home/app/inner }
        network: { address: 192.168.122.77 }
        nics: [{}, { name: {{lan}} }]
        authorizedKeys: ["{{key}}"]
        users:
          - { name: app, groups: [adm, crew, ops], sudo: false, shell: /bin/sh, authorizedKeys: ["restrict,pty {{key}}\r\n"] }
          - { name: operator, groups: [operator] }
          - { name: ops, groups: [debian] }
          - { name: jane.doe, sudo: true }
        files:
          - { path: /etc/whole/text, content: "yes: [no]\n", mode: "0640", owner: "root:adm" }
          - { path: /srv/app/bytes, contentBase64: AP8BgA==, mode: "4750", owner: "app:crew" }
          - { path: /data/inside, content: "on the disk\n" }
          - { path: /home/ops/.config/deep/file, content: "x\n", owner: ops, mode: 0600 }
          - { path: /home/jane.doe/note, content: "x\n", owner: "jane.doe:jane.doe" }
        hosts:
          - { address: 192.0.2.7, names: [db.example, db] }
        environment:
          HOSTILE: "it's \"$HOME\" `id` $(id) \\n \\ ; & | = é€"
          SPACED: "  two  spaces  "
          EMPTY: ""
        packages: [{{AptRepository.Package}}]
        bootCommands: [echo ours >>/var/lib/boots]
        runCommands:
          - echo ours >>/var/lib/ran
          - echo 192.0.2.8 late.example >>/etc/hosts
          - stat -c '%U %n' /home/jane.doe/.profile >/var/lib/settled-before-commands
          - cp {{AptRepository.File}} /var/lib/found-by-commands
        timezone: Asia/Kathmandu
        swapMiB: 128
        labels: { stage: test }
        readinessChecks:
          - { description: Ours have run., command: grep -qx ours /var/lib/ran, timeoutSeconds: 300, hint: See /var/log/cloud-init-output.log. }
          - { description: The disk is mounted., command: mountpoint -q /data }
        timeouts: { imageSeconds: 900, domainSeconds: 300, addressSeconds: 900, sshSeconds: 900, cloudInitSeconds: 1200 }
        userData: |
          MIME-Version: 1.0
          Content-Type: multipart/mixed; boundary="part"

          --part
          Content-Type: text/cloud-config; charset="utf-8"

          #cloud-config
          merge_how: dict(replace)+list(replace)+str()
          hostname: other
          ssh_pwauth: true
          ssh_deletekeys: false
          apt: { preserve_sources_list: false, sources_list: "{{aptSource}}" }
          users: [bob]
          groups: [ops]
          ssh_authorized_keys: ["{{TopLevelKey}}"]
          password: top-level-secret
          chpasswd: { expire: false }
          preserve_hostname: false
          no_such_key: {of: nobody}
          output: { all: "| tee -a /var/log/cloud-init-output.log" }
          write_files:
            - { path: /data/theirs, content: theirs }
            - { path: /home/bob/theirs, content: theirs }
          bootcmd:
            - echo theirs >>/var/lib/boots
            - exit 0
          runcmd:
            - echo theirs >>/var/lib/ran
            - exit 0

          --part
          Content-Type: text/x-shellscript; charset="utf-8"

          #!/bin/sh
          echo script >>/var/lib/ran

          --part--

        """;
}
