# shellcheck shell=bash
# The .NET SDK: found, or how to get it; builds as the owner of the sources. Sourced.

readonly repository=$(dirname "$deploy")

# One compiler for all projects of a build, which loads the analyzers once. Nobody else finds it by this name.
readonly compiler=autoprovision-$$-$SRANDOM

# require_dotnet: puts a .NET 10 SDK on PATH, also where sudo has dropped the user's own.
require_dotnet() {
  local home dir
  home=$(getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6)
  for dir in "" "${DOTNET_ROOT:-}" "$home/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
    if PATH=${dir:+$dir:}$PATH dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
      export PATH=${dir:+$dir:}$PATH
      # Nothing that a build starts may outlive it: the compiler is ended by stop_compiler.
      export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1
      export UseSharedCompilation=true SharedCompilationId=$compiler
      export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
      return 0
    fi
  done
  fail "the .NET 10 SDK is not installed." "$(dotnet_hint)"
}

dotnet_hint() {
  local id=''
  [ ! -r /etc/os-release ] || id=$(. /etc/os-release && echo "$ID")
  if [ "$id" = ubuntu ] && apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then
    echo "Run: sudo apt-get install dotnet-sdk-10.0"
  else
    echo "Get Microsoft's dotnet-install.sh (see 'Install .NET on Linux' in Microsoft's documentation) and run: bash dotnet-install.sh --channel 10.0"
  fi
}

# dotnet_quietly ARGUMENT...: shows its output only when it fails.
dotnet_quietly() {
  local log code=0
  log=$(mktemp)
  # The compiler is ended by a signal, which would leave the runtime's diagnostic socket in /tmp.
  as_owner env DOTNET_EnableDiagnostics=0 dotnet "$@" >"$log" 2>&1 </dev/null || code=$?
  stop_compiler
  [ "$code" -eq 0 ] || grep -E 'error|warn' "$log" | sort -u | head -n 30 >&2 || tail -n 30 "$log" >&2
  rm -f "$log"
  return "$code"
}

# stop_compiler: also called where a script ends, which may be in the middle of a build.
stop_compiler() {
  local server
  for server in $(pgrep -f -- "-pipename:$compiler" 2>/dev/null || true); do stop_process "$server" || true; done
  # Its socket outlives a signal.
  rm -f "${TMPDIR:-/tmp}/$compiler"
}

# Builds run as the owner of the sources: under sudo, root's files in bin/ and obj/ would lock the user out.
as_owner() {
  local owner
  owner=$(stat -c %U "$repository")
  if [ "$(id -u)" -ne 0 ] || [ "$owner" = root ] || [ "$owner" != "${SUDO_USER:-}" ]; then "$@"; return; fi
  runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" PATH="$PATH" "$@"
}
