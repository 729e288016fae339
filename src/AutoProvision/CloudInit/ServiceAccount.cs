namespace AutoProvision.CloudInit;

/// <summary>
/// The service's own account in a guest: it is there for the service's work whatever the users do to their shells and keys. Nobody else has
/// its key, no password opens it, and its home belongs to root.
/// </summary>
public static class ServiceAccount
{
    /// <summary>Its name, which no user can have. Not that of a service of ours that runs in the guest (deploy/autoprovision.service).</summary>
    public const string Name = "autoprovision-guest";

    internal const string Home = $"/var/lib/{Name}";

    internal const string Sudoers = $"/etc/sudoers.d/{Name}";

    /// <summary>What cloud-init remembers it by, once for each instance: a copy gives it the copy's key.</summary>
    internal const string Semaphore = "service-account";

    // In /var/lib, as other system accounts: SELinux' policy knows keys there (/var/lib/[^/]+/\.ssh). A system account's number is below 1000, so
    // that the first user's is 1000 as ever. No locked password (!), which sshd refuses without PAM, but none that fits (*). sudo reads no file
    // with a dot in its name, and an account of this name that is not ours gets nothing. Without sudo or useradd there is none.
    internal const string Script = """
        home=/var/lib/$1
        make() {
          command -v sudo >/dev/null && command -v useradd >/dev/null || return 1
          if ! getent passwd "$1" >/dev/null; then
            if getent group "$1" >/dev/null; then group="-g $1"; else group=-U; fi
            useradd -r $group -d "$home" -M -s /bin/sh -p '*' -c AutoProvision "$1" || return 1
          fi
          [ "$(getent passwd "$1" | cut -d: -f5-)" = "AutoProvision:$home:/bin/sh" ] || return 1
          mkdir -p "$home/.ssh" && printf '%s\n' "restrict $2" >"$home/.ssh/authorized_keys.new" &&
          mv "$home/.ssh/authorized_keys.new" "$home/.ssh/authorized_keys" &&
          if command -v restorecon >/dev/null; then restorecon -R "$home"; fi &&
          printf '%s ALL=(ALL:ALL) NOPASSWD:ALL\n' "$1" >"/etc/sudoers.d/$1.new" &&
          chmod 440 "/etc/sudoers.d/$1.new" && mv "/etc/sudoers.d/$1.new" "/etc/sudoers.d/$1"
        }
        umask 022
        make "$@" || echo "There is no account for the service: it works as the VM's user."
        """;
}
