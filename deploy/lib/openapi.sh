# shellcheck shell=bash
# The linter of the OpenAPI document, counted as one test. Sourced; uses the other parts and test-reports.sh.

readonly linter=$repository/tests/openapi-lint
readonly document=$repository/artifacts/openapi/v1.json

# prepare_linter: Spectral as its lock file names it, and Node.js (18 or newer) where it is missing.
prepare_linter() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    [ "$(id -u)" -eq 0 ] || fail "'node' and 'npm' are not installed." "Run: sudo apt-get install nodejs npm"
    install_missing nodejs npm
  fi
  ! cmp -s "$linter/package-lock.json" "$linter/node_modules/.installed-lock.json" || return 0
  step "installing the OpenAPI linter"
  # Install scripts of its dependencies only report that they were installed.
  as_owner npm ci --prefix "$linter" --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null ||
    fail "npm could not install the OpenAPI linter." "See that npm reaches its package registry: npm ping"
  as_owner cp "$linter/package-lock.json" "$linter/node_modules/.installed-lock.json"
}

# begin_linter, finish_linter: prepare_linter beside what is done between them.
linter_run=''
begin_linter() {
  prepare_linter &
  linter_run=$!
}
finish_linter() { wait "$linter_run"; }

# lint_document: the document as the build wrote it; a hint is a failure too.
lint_document() {
  step "linting the OpenAPI document"
  if as_owner "$linter/node_modules/.bin/spectral" lint --ruleset "$linter/.spectral.yaml" --fail-severity hint "$document" </dev/null; then
    passed=$((passed + 1))
  else
    echo "FAILED: the linter of the OpenAPI document" >>"$reports/failures"
    failed=$((failed + 1))
  fi
}
