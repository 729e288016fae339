# shellcheck shell=bash
# Waiting with a deadline. Sourced.

# wait_until SECONDS COMMAND...: looks every 0.2 s until the command succeeds; 1 when the deadline passes.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_process PID [SECONDS]: asks, waits, then insists. An absent process is success.
stop_process() {
  kill -TERM "$1" 2>/dev/null || return 0
  wait_until "${2:-10}" gone "$1" && return 0
  kill -KILL "$1" 2>/dev/null || true
  wait_until 5 gone "$1"
}
