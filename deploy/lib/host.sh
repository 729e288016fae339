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

# default_image: what a request that names no image gets, as the service comes.
default_image() {
  jq -er .Vms.DefaultImage "$repository/appsettings.json" || fail "appsettings.json names no Vms:DefaultImage." "Take it from the repository again."
}

# list_debian_images: those that have a recipe, one a line, the default one first.
list_debian_images() {
  local first recipe
  first=$(default_image) || return
  echo "$first"
  for recipe in "$deploy"/images/*; do
    [ -d "$recipe" ] || [ "${recipe##*/}" = "$first" ] || echo "${recipe##*/}"
  done
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

# current_image_up NAME: image_up, but an image that another recipe made is built again, unless disks of a service may stand on it.
current_image_up() {
  local image=$image_dir/$1.qcow2 made_by=$image_dir/$1.recipe digest
  digest=$(recipe_digest "$1")
  if [ -s "$image" ] && [ "$(cat "$made_by" 2>/dev/null)" != "$digest" ]; then
    if pool_in_use || compgen -G "$pool_dir/*.qcow2" >/dev/null; then
      note "$image was not made by this recipe; it stays, because disks in $pool_dir may stand on it"
      return 0
    fi
    rm -f "$image"
  fi
  image_up "$1"
  printf '%s\n' "$digest" >"$made_by"
}

# recipe_digest NAME: changes with whatever makes the image, and not with a fresh clone of the repository.
recipe_digest() { (cd "$deploy/images" && find "$1" ./*.d -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1); }

# test_image_up NAME: a guest for tests only; built again when its recipe is newer.
test_image_up() {
  local recipe=$repository/tests/images/$1
  [ -z "$(find "$recipe" "$recipe.d" -newer "$image_dir/$1.qcow2" -print -quit 2>&1)" ] || rm -f "$image_dir/$1.qcow2"
  image_up "$1" "$recipe"
}
