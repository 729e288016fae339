# shellcheck shell=bash
# Long-running processes without systemd. Sourced; uses messages.sh and wait.sh.
#
# $run_dir belongs to one caller and records what that caller started (NAME.pid) or switched on (NAME.on), so
# that tear-down ends exactly this. Whoever finds libvirt running records nothing and stops nothing.

run_root=/run/autoprovision
run_dir=$run_root/host

# own_run_dir NAME: records of this process alone, together with those of runs that were killed before
# they could tear down.
own_run_dir() {
  run_dir=$run_root/$1.$$
  adopt_runs "$run_root/$1".*
}

# adopt_runs DIRECTORY...: takes the records of those whose process is gone over into our own.
adopt_runs() {
  local dir
  mkdir -p "$run_dir"
  for dir; do
    gone "${dir##*.}" || continue
    cp -n "$dir"/* "$run_dir/" 2>/dev/null || true
    rm -rf "$dir"
  done
}

with_systemd() { [ -d /run/systemd/system ]; }

# start_daemon NAME COMMAND...: detached from the caller's session, terminal and pipes.
# tini reaps what the daemon leaves: libvirt waits for each QEMU probe to be reaped, and where PID 1
# is slow at that every probe costs seconds.
start_daemon() {
  local name=$1
  shift
  mkdir -p "$run_dir"
  setsid tini -s -- "$@" </dev/null >>"$run_dir/$name.log" 2>&1 9>&- &
  echo $! >"$run_dir/$name.pid"
}

# stop_daemon NAME
stop_daemon() {
  local file=$run_dir/$1.pid pid
  [ -f "$file" ] || return 0
  pid=$(cat "$file")
  # The number may have been given to another process since: only our tini has this name.
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tini ]; then
    step "stopping $1"
    stop_process "$pid" 15 || note "process $pid ($1) does not end"
  fi
  rm -f "$file" "$run_dir/$1.log"
}

mark() { mkdir -p "$run_dir" && : >"$run_dir/$1.on"; }

# take_mark NAME: true once, if it was set.
take_mark() { [ -f "$run_dir/$1.on" ] && rm -f "$run_dir/$1.on"; }
