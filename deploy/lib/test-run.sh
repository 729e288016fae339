# shellcheck shell=bash
# A run of test programs from its preparation to its closing line. Sourced; uses the other parts and test-reports.sh.

reports='' host_prepared=false

# begin_test_run: from here on the script ends with a closing line, however it ends.
begin_test_run() {
  reports=$(mktemp -d)
  trap finish_test_run EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

finish_test_run() {
  local code=$?
  trap - EXIT INT TERM HUP
  stop_test_runs
  stop_compiler
  ! $host_prepared || libvirt_down || true
  # A script that broke off counts as one failure: nobody may read a closing line without it as success.
  [ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  before_closing_line || true
  list_failures
  rm -rf "$reports"
  closing_line
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
  exit 0
}

# A script that has more to say at its end says it in a function of this name.
before_closing_line() { :; }

# Whether host tests boot more than the micro guest; a script whose tests do not builds no other image.
boots_debian=true
# The images that they boot: most tests the first, those that show what differs on another one the second.
debian_images=()

# prepare_machine PROJECT...: what the tests of these projects need, libvirt included where they are host tests.
prepare_machine() {
  require_dotnet
  [[ " $* " != *SshTests* ]] || prepare_ssh
  if [[ " $* " == *HostTests* ]]; then
    prepare_host
  else
    command -v jq >/dev/null || fail "'jq' is not installed." "Run: sudo apt-get install jq"
  fi
}

# prepare_ssh: the programs that the SSH tests run; looked for by themselves, since a host may have them from elsewhere.
prepare_ssh() {
  fetch_pyyaml
  ! { [ -x /usr/sbin/sshd ] && command -v ssh-agent && command -v ssh-keygen && [ -x /usr/bin/fish ] && [ -x /usr/bin/tcsh ] && command -v busybox && /usr/bin/python3 -c 'import yaml'; } >/dev/null 2>&1 || return 0
  [ "$(id -u)" -eq 0 ] || fail "what the SSH tests run is not installed: sshd, ssh-agent, ssh-keygen, fish, tcsh, busybox or Python's YAML reader." \
    "Run: sudo apt-get install ${ssh_test_packages[*]}"
  install_ssh_test_packages
}

prepare_host() {
  require_root
  own_run_dir test
  host_prepared=true
  host_up
  install_missing "${host_test_packages[@]}"
  if $boots_debian; then prepare_debian; fi
  test_image_up micro
  export AUTOPROVISION_IMAGE_DIR=$image_dir AUTOPROVISION_MICRO_IMAGE=$image_dir/micro.qcow2
}

prepare_debian() {
  local names image
  names=$(list_debian_images)
  mapfile -t debian_images <<<"$names"
  for image in "${debian_images[@]}"; do current_image_up "$image"; done
  export AUTOPROVISION_DEBIAN_IMAGES=${debian_images[*]}
}

# build_tests PROJECT...: all of the solution where host tests are among them, else without them.
build_tests() {
  local solution=AutoProvision.sln
  [[ " $* " == *HostTests* ]] || solution=tests/without-host.slnf
  step "restoring and building (about a minute, without a word)"
  dotnet_quietly build "$repository/$solution" --configuration Release ||
    fail "the build failed (its errors are above)." "Where packages cannot be restored, see that the package source is reachable: dotnet restore"
}
