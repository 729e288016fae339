# shellcheck shell=bash
# The service as a child of a script, and requests to it. Sourced; $base is its address.

service_pid='' service_log=''

# free_port FIRST: the first port from there on that nobody listens on.
free_port() {
  local port
  for ((port = $1; port < $1 + 50; port++)); do
    if ! port_busy "$port"; then echo "$port"; return; fi
  done
  fail "no port from $1 to $((port - 1)) is free." "Name one: --port N"
}

port_busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

publish_service() {
  step "building the service (about half a minute)"
  dotnet_quietly publish "$repository/src/AutoProvision" --configuration Release --output "$repository/artifacts/quickstart" ||
    fail "the build failed (its errors are above)." "Where packages cannot be restored, see that the package source is reachable: dotnet restore"
}

# start_service PORT: in its own session, so that Ctrl-C reaches the script first and it can still ask the service to tidy up.
start_service() {
  base=http://127.0.0.1:$1
  service_log=$run_dir/service.log
  step "starting the service on $base"
  (
    cd "$repository/artifacts/quickstart"
    export AutoProvision__DataDirectory=$data_dir Images__Directory=$image_dir
    exec setsid dotnet AutoProvision.dll --urls "$base" </dev/null >"$service_log" 2>&1
  ) &
  service_pid=$!
  wait_until 60 answered_or_ended || service_failed "did not become ready within 60 s"
  ! gone "$service_pid" || service_failed "ended while starting"
}

answered_or_ended() { gone "$service_pid" || curl -sf --max-time 5 "$base/readyz"; }

service_failed() {
  local readiness
  readiness=$(curl -s --max-time 5 "$base/readyz" || true)
  [ -z "$readiness" ] || printf 'readyz: %s\n' "$readiness" >&2
  tail -n 20 "$service_log" >&2
  fail "the service $1 (its last lines are above)." "What it needs is in docs/troubleshooting.md."
}

stop_service() {
  [ -n "$service_pid" ] || return 0
  stop_process "$service_pid" 30 || note "the service (process $service_pid) does not end"
  service_pid=
  rm -f "$service_log"
}

# request METHOD PATH [JSON]: prints the body; a refusal (4xx, 5xx) ends the script with the service's own words.
request() {
  local answer status body=()
  [ $# -lt 3 ] || body=(--header 'Content-Type: application/json' --data "$3")
  answer=$(curl -sS --max-time 120 --request "$1" "${body[@]}" --write-out '\n%{http_code}' "$base$2") ||
    fail "the service does not answer $1 $2." "Its log may say why: $service_log"
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  [ "$status" -lt 400 ] || fail "$1 $2 was refused ($status): $(problem "$answer")" "$(field "$answer" .hint)"
  printf '%s\n' "$answer"
}

# problem JSON: the words of a problem document (RFC 9457), or the text itself.
problem() {
  jq -r '[.detail // .title, ((.errors // [])[] | tostring)] | map(select(. != null)) | join(" ")' <<<"$1" 2>/dev/null || printf '%s' "$1"
}

# field JSON PATH: empty where there is none.
field() { jq -r "$2 // empty" <<<"$1" 2>/dev/null || true; }
