# shellcheck shell=bash
# PyYAML of both Debians, which the tests hold our reader of YAML against: cloud-init reads with it. Sourced.

# fetch_pyyaml: unpacks the packages into artifacts/pyyaml, once, and names them in AUTOPROVISION_PYYAML. Nothing is installed; without
# a mirror the tests take this machine's PyYAML alone, and say so.
fetch_pyyaml() {
  local suite suites=(bookworm trixie) fetches=() directories=()
  for suite in "${suites[@]}"; do
    has_pyyaml_of "$suite" || { fetch_pyyaml_of "$suite" "$repository/artifacts/pyyaml/$suite" >/dev/null 2>&1 & fetches+=($!); }
  done
  [ ${#fetches[@]} -eq 0 ] || wait "${fetches[@]}" || true
  for suite in "${suites[@]}"; do
    has_pyyaml_of "$suite" || { note "PyYAML of $suite could not be fetched: our reader of YAML is held against this machine's alone."; return 0; }
    directories+=("$repository/artifacts/pyyaml/$suite/usr/lib/python3/dist-packages")
  done
  AUTOPROVISION_PYYAML=$(IFS=:; printf '%s' "${directories[*]}")
  export AUTOPROVISION_PYYAML
}

has_pyyaml_of() { [ -e "$repository/artifacts/pyyaml/$1/usr/lib/python3/dist-packages/yaml" ]; }

# apt-get with directories of its own: it needs no root, and leaves this machine's package lists alone.
fetch_pyyaml_of() {
  local suite=$1 directory=$2 mirror work code=0
  # shellcheck disable=SC2016 # apt-get's own variable
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
  [ -n "$mirror" ] || return 1
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$(dirname "$directory")"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" >"$work/sources.list"
  local options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
  (cd "$work" && apt-get "${options[@]}" update && apt-get "${options[@]}" download python3-yaml &&
    dpkg-deb --extract ./python3-yaml_*.deb unpacked && rm -rf "$directory" && mv unpacked "$directory") || code=$?
  rm -rf "$work"
  return "$code"
}
