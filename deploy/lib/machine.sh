# shellcheck shell=bash
# A virtual machine seen through the service's API. Sourced; uses service.sh.

vm_id='' vm_name=''

# create_vm JSON: with a name in it, by which the machine is found even where this script is stopped before it has the id.
create_vm() {
  local answer
  vm_name=$(field "$1" .name)
  answer=$(request POST /vms "$1")
  vm_id=$(field "$answer" .id)
  [ -n "$vm_id" ] || fail "the service accepted the machine, but named no id: $answer" "Is another service on this port? See GET /vms."
}

# follow_vm SECONDS: shows each step until the machine is ready. Reads the event stream, whose data lines are JSON.
follow_vm() {
  local line vm state='' stream reader
  exec {stream}< <(exec curl -sN --max-time "$1" "$base/vms/$vm_id/events")
  reader=$!
  while IFS= read -r line <&"$stream"; do
    [[ $line == data:* ]] || continue
    show_event "${line#data:}"
    state=$(field "${line#data:}" .state)
    [[ $state =~ ^(ready|degraded|failed|deleted)$ ]] && break
  done
  kill "$reader" 2>/dev/null || true
  exec {stream}<&-
  vm=$(request GET "/vms/$vm_id")
  state=$(field "$vm" .state)
  [ "$state" = ready ] || explain_vm "$state" "$1"
}

# show_event JSON: a line for what has ended; "step.started" would say everything twice.
show_event() {
  jq -r 'def seconds: ((.durationMs // 0) / 100 | round | "\(. / 10 | floor).\(. % 10) s");
    if .type == "step.completed" then "      \(seconds)\t\(.step)\(if .message then ": " + .message else "" end)"
    elif .type == "progress" then "      ...\t\(.message // .step)"
    elif .type == "step.failed" then "      failed\t\(.step): \(.failure.cause // .message)"
    else empty end' <<<"$1" 2>/dev/null || true
}

# explain_vm STATE SECONDS: why the machine is not ready, in the service's words. Ends the script.
explain_vm() {
  local vm
  vm=$(request GET "/vms/$vm_id")
  field "$vm" '.failure.evidence | if type == "array" then join("\n") else . end' | tail -n 20 >&2
  case $1 in
    failed | degraded)
      fail "the machine is $1 ($(field "$vm" .failure.code) in $(field "$vm" .failure.step)): $(field "$vm" .failure.cause)" \
        "$(field "$vm" .failure.hint)" ;;
    *) fail "the machine is still '$1' after $2 s." "Under emulation give it longer: --deadline SECONDS" ;;
  esac
}

# run_in_vm SHELL-TEXT: its output; fails when the command does.
run_in_vm() {
  local answer code
  answer=$(request POST "/vms/$vm_id/exec" "$(jq -nc --arg shell "$1" '{$shell}')")
  field "$answer" '.stdout | rtrimstr("\n")' | sed 's/^/      /'
  code=$(field "$answer" .exitCode)
  [ "$code" = 0 ] || fail "the command ended with code '$code' in the machine: $(field "$answer" .stderr)" \
    "Log in and look: GET /vms/$vm_id/ssh tells how."
}

delete_vm() {
  [ -n "$vm_id" ] || [ -z "$vm_name" ] ||
    vm_id=$(curl -s --max-time 10 "$base/vms" | jq -r --arg name "$vm_name" '.[] | select(.name == $name) | .id' 2>/dev/null || true)
  [ -n "$vm_id" ] || return 0
  step "deleting the machine"
  curl -sS -o /dev/null --max-time 60 --request DELETE "$base/vms/$vm_id" || { note "the service does not answer"; return 1; }
  wait_until 120 vm_gone || { note "machine $vm_id is still there; see $base/vms/$vm_id"; return 1; }
  vm_id='' vm_name=''
}

vm_gone() {
  local answer
  answer=$(curl -s --max-time 10 --write-out '\n%{http_code}' "$base/vms/$vm_id") || return 1
  [ "${answer##*$'\n'}" = 404 ] || [ "$(field "${answer%$'\n'*}" .state)" = deleted ]
}
