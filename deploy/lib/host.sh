# shellcheck shell=bash
# A host that can run virtual machines, and the base image on it. Sourced; uses the other parts.

readonly data_dir=${AutoProvision__DataDirectory:-/var/lib/autoprovision}
readonly image_dir=${Images__Directory:-$data_dir/images}

host_up() {
  local packages=("${virtualisation_packages[@]}" "${image_packages[@]}" "${tool_packages[@]}")
  with_systemd || packages+=("${init_packages[@]}")
  install_missing "${packages[@]}"
  libvirt_up
}

# image_up NAME: the cached image where the service looks for it, built when it is not there yet.
image_up() {
  local image=$image_dir/$1.qcow2
  [ ! -s "$image" ] || return 0
  step "building the base image $1 (once, one to two minutes)"
  # QEMU's own user reads the image through these directories.
  install -d -m 755 "$data_dir" "$image_dir"
  "$deploy/images/$1" "$image"
}
