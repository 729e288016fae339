# shellcheck shell=bash
# A host that can run virtual machines, and the base image on it. Sourced; uses the other parts.

readonly data_dir=${AutoProvision__DataDirectory:-/var/lib/autoprovision}
readonly pool_dir=${Libvirt__PoolDirectory:-/var/lib/autoprovision/pool}
readonly image_dir=${Images__Directory:-$data_dir/images}

host_up() {
  local packages=("${virtualisation_packages[@]}" "${image_packages[@]}" "${tool_packages[@]}")
  with_systemd || packages+=("${init_packages[@]}")
  install_missing "${packages[@]}"
  libvirt_up
}

# image_up NAME [SCRIPT]: the cached image where the service looks for it, built when it is not there yet.
image_up() {
  local image=$image_dir/$1.qcow2 script=${2:-$deploy/images/$1} lock
  [ ! -s "$image" ] || return 0
  # QEMU's own user reads the image through these directories.
  install -d -m 755 "$data_dir" "$image_dir"
  # The service takes the same lock: the image is built once, whoever asks first.
  exec {lock}>"$image_dir/$1.lock"
  flock "$lock"
  if [ ! -s "$image" ]; then
    step "building the base image $1 (once, up to two minutes)"
    "$script" "$image" || fail "the base image could not be built (see above)." "Mend what it names and run this again."
  fi
  exec {lock}>&-
}

# test_image_up NAME: a guest for tests only; built again when its recipe is newer.
test_image_up() {
  local recipe=$repository/tests/images/$1
  [ -z "$(find "$recipe" "$recipe.d" -newer "$image_dir/$1.qcow2" -print -quit 2>&1)" ] || rm -f "$image_dir/$1.qcow2"
  image_up "$1" "$recipe"
}
