# shellcheck shell=bash
# Running test programs and summing up their reports. Sourced; $reports is a directory for them.

passed=0 failed=0 skipped=0 test_run=
# For each project as a whole; single waits have their own, much shorter deadlines.
readonly test_deadline=${AUTOPROVISION_TEST_DEADLINE:-3600}

# run_tests PROJECT [ARGUMENT...]: adds its results to passed, failed and skipped. In the background, so that traps run at once.
run_tests() {
  local project=$1 program=$repository/tests/$1/bin/Release/net10.0/$1 code=0
  shift
  DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(realpath "$(command -v dotnet)")")} \
    setsid timeout --kill-after=20 "$test_deadline" "$program" -noColor -noLogo -result-ctrf "$reports/$project.json" "$@" </dev/null &
  test_run=$!
  wait "$test_run" || code=$?
  test_run=
  [ "$code" -ne 124 ] || note "$project was stopped after $test_deadline s"
  add_report "$project" "$code"
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

stop_test_run() { [ -z "$test_run" ] || stop_process "$test_run" 30 || true; }

# Once more at the end, where a reader of a long log looks first: each failed test with its message and where it failed.
list_failures() { [ ! -s "$reports/failures" ] || { step "what failed"; cut -c 1-1000 "$reports/failures"; }; }

closing_line() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  printf '%s\n' "$line"
}
