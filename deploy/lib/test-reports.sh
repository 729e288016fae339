# shellcheck shell=bash
# Running test programs and summing up their reports. Sourced; $reports is a directory for them.

passed=0 failed=0 skipped=0
declare -A test_runs=()   # by the process ids of those that run
# For each project as a whole; single waits have their own, much shorter deadlines.
readonly test_deadline=${AUTOPROVISION_TEST_DEADLINE:-3600}

# run_tests PROJECT[@RUN] [ARGUMENT...]: adds its results to passed, failed and skipped. In the background, so that traps run at once.
# RUN tells a second run of a project from its first.
run_tests() {
  local project=$1
  shift
  test_program "${project%@*}" -result-ctrf "$reports/$project.json" "$@" &
  test_runs[$!]=$project
  end_tests "$project" "$!"
}

# run_tests_together PROJECT...: all at once; each one's output follows the one before as a whole. Each takes the arguments in an
# array named after it, such as AutoProvision_SshTests_arguments.
run_tests_together() {
  local project beside=()
  for project; do
    local -n own=${project//./_}_arguments
    test_program "$project" -result-ctrf "$reports/$project.json" "${own[@]}" >"$reports/$project.output" 2>&1 &
    beside+=($!)
    test_runs[$!]=$project
  done
  for project; do
    step "output of $project"
    follow_output "${beside[0]}" "$reports/$project.output"
    end_tests "$project" "${beside[0]}"
    beside=("${beside[@]:1}")
  done
}

# follow_output PID FILE: what it has written and still writes, until it ends.
follow_output() { tail -n +1 -f --pid="$1" --sleep-interval=0.2 "$2" & wait $! || true; }

# end_tests PROJECT PID: waits for it and adds its results.
end_tests() {
  local code=0
  wait "$2" || code=$?
  unset "test_runs[$2]"
  [ "$code" -ne 124 ] || note "$1 was stopped after $test_deadline s"
  add_report "$1" "$code"
}

# leave_out_root_tests PROJECT ARRAY: without root, those of its tests that need it count as skipped; ARRAY is given the runner's arguments.
leave_out_root_tests() {
  local count
  local -n arguments=$2
  [ "$(id -u)" -ne 0 ] || return 0
  # Each row of a theory counts, as in the runner's own figures.
  count=$(test_program "$1" -preEnumerateTheories -trait Needs=root -list tests/json | jq length) || fail "$1 does not list its tests." "Run: tests/$1/bin/Release/net10.0/$1 -list tests"
  skipped=$((skipped + count))
  # shellcheck disable=SC2034 # the caller's array
  arguments=(-trait- Needs=root)
  note "skipped: $count tests of $1 give files to other users, become other users, open terminals or mount a disk; for all of it run: sudo deploy/test --ssh"
}

# add_report PROJECT EXIT-CODE. The runner's exit code counts as well: a crash writes no failed test.
add_report() {
  local counts passed_here=0 failed_here=0 skipped_here=0
  if counts=$(jq -er '.results.summary | "\(.passed) \(.failed + .other) \(.skipped + .pending)"' "$reports/$1.json" 2>/dev/null); then
    read -r passed_here failed_here skipped_here <<<"$counts"
    passed=$((passed + passed_here)) failed=$((failed + failed_here)) skipped=$((skipped + skipped_here))
    jq -r '.results.tests[] | select(.status == "failed" or .status == "other") | "FAILED: \(.name)", (.message // empty), (.trace // empty)' \
      "$reports/$1.json" >>"$reports/failures" || true
  fi
  if [ "$2" -ne 0 ] && [ "$failed_here" -eq 0 ]; then
    printf 'FAILED: %s ended with code %s, counted as one failure\n' "$1" "$2" >>"$reports/failures"
    failed=$((failed + 1))
  fi
}

# test_program PROJECT ARGUMENT...
test_program() {
  local program=$repository/tests/$1/bin/Release/net10.0/$1
  shift
  # Services that are killed would leave the runtime's diagnostic sockets in /tmp.
  DOTNET_EnableDiagnostics=0 DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(realpath "$(command -v dotnet)")")} \
    exec setsid timeout --kill-after=20 "$test_deadline" "$program" -noColor -noLogo "$@" </dev/null
}

stop_test_runs() {
  local run
  for run in "${!test_runs[@]}"; do stop_process "$run" 30 || true; done
}

# Once more at the end, where a reader of a long log looks first: each failed test with its message and where it failed.
list_failures() { [ ! -s "$reports/failures" ] || { step "what failed"; cut -c 1-1000 "$reports/failures"; }; }

closing_line() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  printf '%s\n' "$line"
}
