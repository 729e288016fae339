# shellcheck shell=bash
# Where the time of a run went, as Markdown. Sourced; uses messages.sh, and test-reports.sh's $reports.

readonly guest_logs=${AUTOPROVISION_GUEST_LOGS:-/var/log/libvirt/qemu}
parts=() part='' part_since=0
# As libvirt writes it: UTC.
readonly run_since=$(date -u '+%F %T.%3N')

milliseconds() { date +%s%3N; }

# begin_part NAME: what follows takes its time; what came before ends here.
begin_part() {
  local now
  now=$(milliseconds)
  [ -z "$part" ] || parts+=("$((now - part_since)) $part")
  part=$1 part_since=$now
}

print_parts() {
  local entry whole=0
  begin_part ''
  printf '\n| part | seconds |\n|---|---:|\n'
  for entry in "${parts[@]}"; do
    printf '| %s | %s |\n' "${entry#* }" "$(in_seconds "${entry%% *}")"
    whole=$((whole + ${entry%% *}))
  done
  printf '| **all of it** | %s |\n\n' "$(in_seconds "$whole")"
}

in_seconds() { printf '%d.%d' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# The ten classes whose tests took longest, over all reports. Where tests ran one after the other, the time between two tests is
# that of the later one's class: its fixture, such as a guest that is booted for all of them.
print_slowest_classes() {
  [ -n "$(find "$reports" -name '*.json' -size +0 -print -quit)" ] || return 0
  printf '| class | tests | seconds |\n|---|---:|---:|\n'
  jq -nr '
    def took: . as $tests | if all(range(1; length); $tests[.].start >= $tests[. - 1].stop - 5)
      then [range(length) | $tests[.] + {ms: ($tests[.].stop - (if . == 0 then $tests[.].first else $tests[. - 1].stop end))}]
      else map(.ms = .stop - .start) end;
    [inputs | (input_filename | sub(".*/"; "") | sub("\\.json$"; "") | sub("^AutoProvision\\."; "")) as $project | .results
      | .summary.start as $first | [.tests[] | select(.extra.type) | {$project, $first, class: .extra.type, start, stop}] | sort_by(.start) | took[]]
    | group_by([.project, .class]) | map({project: .[0].project, class: .[0].class, tests: length, ms: (map(.ms) | add)})
    | sort_by(-.ms)[:10][] | "| \(.project): \(.class | sub("^AutoProvision\\.((Client|Fault|Host)Tests\\.)?"; "")) | \(.tests) | \(.ms / 100 | round / 10) |"
  ' "$reports"/*.json || note "the reports of the tests cannot be read"
  printf '\n'
}

# A start in libvirt's log of a domain is a line with its time and then QEMU's command line, one argument on each line.
guest_starts() {
  find "$guest_logs" -maxdepth 1 -name '*.log*' -newermt "$run_since UTC" -exec cat {} + 2>/dev/null | awk -v since="$run_since" '
    function tell() { if (started) print kind, (restored ? "restored" : "booted"); started = 0 }
    /^[0-9-]+ [0-9:.]+\+0000: starting up libvirt/ {
      tell()
      started = substr($0, 1, 23) >= since
      kind = "other"; restored = 0
    }
    /^[0-9-]+ [0-9:.]+\+0000: shutting down/ { tell() }
    /\/micro\.qcow2"/ || /^-m (size=98304k|96) / { kind = "micro" }
    match($0, /\/debian-[0-9]+\.qcow2"/) { kind = substr($0, RSTART + 1, RLENGTH - 8) }
    /^-(incoming|loadvm) / { restored = 1 }
    END { tell() }
  '
}

# print_guests: how many guests of each image were started.
print_guests() {
  guest_starts | sort | awk '
    { count[$1, $2]++ }
    $1 != last { kinds[++n] = last = $1 }
    END {
      print "| guests | booted | restored |\n|---|---:|---:|"
      for (i = 1; i <= n; i++) {
        printf "| %s | %d | %d |\n", kinds[i], count[kinds[i], "booted"], count[kinds[i], "restored"]
        booted += count[kinds[i], "booted"]; restored += count[kinds[i], "restored"]
      }
      printf "| **all** | %d | %d |\n\n", booted, restored
    }'
}
