# shellcheck shell=bash
# libvirt's daemons and its network, up and down again. Sourced; uses daemons.sh, messages.sh and wait.sh.

readonly libvirt_uri=${Libvirt__Uri:-qemu:///system}
readonly network=${Libvirt__Network:-default}

on_libvirt() { virsh --quiet --connect "$libvirt_uri" "$@" </dev/null; }

libvirt_answers() { timeout 20 virsh --quiet --connect "$libvirt_uri" version </dev/null >/dev/null 2>&1; }

libvirt_up() {
  if ! libvirt_answers; then
    if with_systemd; then enable_libvirt_units; else start_libvirt_daemons; fi
    wait_until 60 libvirt_answers || fail "libvirt does not answer at $libvirt_uri." "$(libvirt_log_hint)"
  fi
  network_up
}

libvirt_log_hint() {
  if with_systemd; then echo "See: journalctl -u libvirtd -u virtqemud"; else echo "See: $run_dir/libvirtd.log"; fi
}

# One daemon (Debian, Ubuntu) or, where the package is split, one per driver.
enable_libvirt_units() {
  step "starting libvirt (systemd)"
  if systemctl cat libvirtd.service >/dev/null 2>&1; then
    systemctl enable --now --quiet libvirtd.service
  else
    systemctl enable --now --quiet virtqemud.socket virtnetworkd.socket virtstoraged.socket virtlogd.socket
  fi
}

start_libvirt_daemons() {
  step "starting libvirt (no systemd here)"
  [ -e "/sys/class/net/$(network_bridge)" ] || mark network-down-before
  give_kvm_to_its_group
  bus_answers || { mkdir -p /run/dbus && rm -f /run/dbus/pid && start_daemon dbus dbus-daemon --system --nofork; }
  wait_until 15 bus_answers || note "no system D-Bus: libvirt works, but without some features"
  daemon_runs virtlogd || start_daemon virtlogd virtlogd
  start_daemon libvirtd libvirtd
}

bus_answers() { timeout 5 dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null 2>&1; }

daemon_runs() { [ -f "/run/$1.pid" ] && kill -0 "$(cat "/run/$1.pid")" 2>/dev/null; }

# Where udev did not do it: a /dev/kvm that QEMU's user cannot open makes libvirt probe every QEMU again at each look.
give_kvm_to_its_group() {
  [ -c /dev/kvm ] && getent group kvm >/dev/null || return 0
  [ "$(stat -c %G /dev/kvm)" != root ] || { chgrp kvm /dev/kvm && chmod 660 /dev/kvm; }
}

network_bridge() {
  sed -n "s/.*<bridge name=['\"]\([^'\"]*\).*/\1/p" "/etc/libvirt/qemu/networks/$network.xml" 2>/dev/null | grep . || echo virbr0
}

network_active() { [ "$(on_libvirt net-info "$network" 2>/dev/null | awk '/^Active:/ {print $2}')" = yes ]; }

network_up() {
  on_libvirt net-info "$network" >/dev/null 2>&1 || define_network
  if ! network_active; then
    step "starting libvirt's network '$network'"
    on_libvirt net-start "$network" || network_active ||
      fail "libvirt's network '$network' does not start." "See the message above; its address range may be in use: virsh net-edit $network."
    mark network-started
  elif take_mark network-down-before; then
    mark network-started   # by libvirtd itself (autostart), which we started
  fi
  take_mark network-down-before || true
  if with_systemd; then on_libvirt net-autostart "$network" >/dev/null; fi
}

define_network() {
  local definition=/usr/share/libvirt/networks/default.xml
  [ "$network" = default ] && [ -f "$definition" ] ||
    fail "libvirt has no network '$network'." "Define it with virsh net-define, or set Libvirt__Network to one of: $(on_libvirt net-list --all --name | xargs)."
  on_libvirt net-define "$definition" >/dev/null || fail "libvirt's network 'default' cannot be defined." "$(libvirt_log_hint)"
}

# A service that runs holds a lock on its pool's directory.
pool_in_use() {
  local lock
  [ -d "$pool_dir" ] || return 1
  exec {lock}<"$pool_dir"
  if flock -n "$lock"; then exec {lock}<&-; return 1; fi
  exec {lock}<&-
}

# libvirt_down: ends what libvirt_up of the same run directory began. Machines and services that still run keep their host.
libvirt_down() {
  local running
  if [ ! -e "$run_dir/libvirtd.pid" ] && [ ! -e "$run_dir/network-started.on" ]; then
    rmdir "$run_dir" "$run_root" 2>/dev/null || true
    return 0
  fi
  running=$(on_libvirt list --name 2>/dev/null | xargs || true)
  if [ -n "$running" ]; then
    note "libvirt stays up, because these machines run: $running"
    note "once they are deleted, by a service that runs again, deploy/host-teardown ends it"
    return 0
  fi
  if pool_in_use; then
    note "libvirt stays up, because a service uses the pool $pool_dir"
    return 0
  fi
  if take_mark network-started; then
    step "stopping libvirt's network '$network'"
    on_libvirt net-destroy "$network" >/dev/null || note "network '$network' could not be stopped"
  fi
  stop_daemon libvirtd
  stop_daemon virtlogd
  stop_daemon dbus
  rmdir "$run_dir" "$run_root" 2>/dev/null || true
}
