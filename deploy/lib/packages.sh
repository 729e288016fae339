# shellcheck shell=bash
# Packages of the host, by the names of Debian 12 and 13 and Ubuntu 22.04/24.04 (they agree on all of these). Sourced.

readonly virtualisation_packages=(qemu-system-x86 qemu-utils seabios libvirt-daemon-system libvirt-daemon-driver-qemu
  libvirt-daemon-config-network libvirt-clients virtinst dnsmasq-base dnsmasq-utils iproute2 iptables)
readonly image_packages=(mmdebstrap debian-archive-keyring e2fsprogs fdisk util-linux xorriso)
readonly tool_packages=(openssh-client curl jq ca-certificates procps)
# The SSH tests' own: a real SSH server to talk to, ssh-agent and ssh-keygen, the YAML reader that cloud-init uses, and login shells
# that are not POSIX ones. And the shell of small guests, which scripts for guests are tried in.
readonly ssh_test_packages=(openssh-server openssh-client python3-yaml fish tcsh busybox)
# The host tests' own: what makes the micro guest, and a clock that can be set, which the fault tests use where it is there.
readonly host_test_packages=(cpio mtools syslinux libfaketime)
# Stand in for systemd where it does not run.
readonly init_packages=(dbus tini)

# install_missing PACKAGE...: calls apt-get only when something is missing.
install_missing() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "this host has no apt-get; missing: ${missing[*]}." "Install them by hand and try again."
  step "installing ${#missing[@]} packages: ${missing[*]}"
  without_service_starts apt_install "${missing[@]}"
}

apt_install() {
  local log
  log=$(mktemp)
  if { apt_get update && apt_get install --yes --no-install-recommends "$@"; } >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 15 "$log" >&2
  fail "apt-get could not install: $* (log: $log)." "Repair apt (apt-get update; apt-get -f install), then try again."
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null; }

# The tests want the SSH server as a program: it is neither started nor enabled.
install_ssh_test_packages() {
  local had_sshd=false
  [ ! -e /usr/sbin/sshd ] || had_sshd=true
  service_starts=never install_missing "${ssh_test_packages[@]}"
  $had_sshd || ! with_systemd || systemctl disable --quiet ssh.service ssh.socket 2>/dev/null || true
}

# Without systemd, packages start their daemons by init scripts, where nobody would stop them again.
without_service_starts() {
  local policy=/usr/sbin/policy-rc.d code=0
  if { with_systemd && [ "${service_starts:-}" != never ]; } || [ -e "$policy" ]; then "$@"; return; fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  ("$@") || code=$?
  rm -f "$policy"
  return "$code"
}
