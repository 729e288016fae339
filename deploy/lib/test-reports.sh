# shellcheck shell=bash
# Running test programs and summing up their reports. Sourced; $reports is a directory for them.

passed=0 failed=0 skipped=0 test_run='' left_out=()
# For each project as a whole; single waits have their own, much shorter deadlines.
readonly test_deadline=${AUTOPROVISION_TEST_DEADLINE:-3600}

# run_tests PROJECT [ARGUMENT...]: adds its results to passed, failed and skipped. In the background, so that traps run at once.
run_tests() {
  local project=$1 code=0
  shift
  test_program "$project" -result-ctrf "$reports/$project.json" "$@" &
  test_run=$!
  wait "$test_run" || code=$?
  test_run=
  [ "$code" -ne 124 ] || note "$project was stopped after $test_deadline s"
  add_report "$project" "$code"
}

# leave_out_root_tests PROJECT: without root, those of its tests that need it count as skipped; $left_out are the runner's arguments.
leave_out_root_tests() {
  local count
  left_out=()
  [ "$(id -u)" -ne 0 ] || return 0
  count=$(test_program "$1" -trait Needs=root -list tests/json | jq length) || fail "$1 does not list its tests." "Run: tests/$1/bin/Release/net10.0/$1 -list tests"
  skipped=$((skipped + count))
  left_out=(-trait- Needs=root)
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
  DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(realpath "$(command -v dotnet)")")} \
    exec setsid timeout --kill-after=20 "$test_deadline" "$program" -noColor -noLogo "$@" </dev/null
}

stop_test_run() { [ -z "$test_run" ] || stop_process "$test_run" 30 || true; }

# Once more at the end, where a reader of a long log looks first: each failed test with its message and where it failed.
list_failures() { [ ! -s "$reports/failures" ] || { step "what failed"; cut -c 1-1000 "$reports/failures"; }; }

closing_line() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  printf '%s\n' "$line"
}
