# shellcheck shell=bash
# What the scripts say: progress on standard output, failures on standard error. Sourced.

# step TEXT...: one line of progress; callers that show progress look for the prefix.
step() { printf 'step: %s\n' "$*"; }

note() { printf '      %s\n' "$*"; }

# fail WHAT [WHAT-TO-DO]: ends the script; both sentences reach the user.
fail() {
  printf 'error: %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf ' hint: %s\n' "$2" >&2
  exit 1
}

require_root() {
  [ "$(id -u)" -eq 0 ] || fail "${0##*/} must run as root." "Run it again with sudo."
}
