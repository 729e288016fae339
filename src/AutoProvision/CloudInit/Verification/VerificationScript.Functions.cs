namespace AutoProvision.CloudInit.Verification;

// The part of the script that is the same for each machine. In the language that dash, busybox and bash share; it changes nothing but
// its answer, and always ends with 0, since cloud-init takes anything else for a failure of the machine.
public sealed partial class VerificationScript
{
    private const string Functions = """
        #!/bin/sh
        # Looks whether the machine is as it was asked for. Each line of the answer: a JSON pointer into the request, ok, differs, missing or
        # unknown, and what was seen. For tests, the first argument is a directory to take for /.
        root=${1-} LC_ALL=C ifs=$IFS
        export LC_ALL
        umask 077
        set -f
        nl='
        '
        directory=$root/var/lib/cloud/instance answer=$root/var/lib/cloud/instance/autoprovision-verified
        # Not ":", which ends the shell where its redirection fails.
        { true >"$answer"; } 2>/dev/null || exit 0
        exec >>"$answer" 2>/dev/null

        has() { command -v "$1" >/dev/null; }
        say() { printf '%s\t%s\t%.200s\n' "$1" "$2" "${3-}"; }
        uptime() { read -r now rest <"$root/proc/uptime" || now=; }

        # read_tables FILES -e PATTERN...: the lines that are looked for, read by one process: on an emulated guest each one costs as much as
        # all the rest here, and so do thousands of lines that nobody asks for.
        read_tables() {
          passwd= groups= mounts= swaps= hosts= variables= sudoers= tables=$1
          shift
          set +f
          for it in $tables; do
            for it in "$root"$it; do [ ! -f "$it" ] || set -- "$@" "$it"; done
          done
          set -f
          IFS=$nl
          for it in $(grep -Hs "$@"); do
            it=${it#"$root"}
            case $it in
              /etc/passwd:*) passwd=$passwd$nl${it#*:} ;;
              /etc/group:*) groups=$groups$nl${it#*:} ;;
              /proc/mounts:*) mounts=$mounts$nl${it#*:} ;;
              /proc/swaps:*) swaps=$swaps$nl${it#*:} ;;
              /etc/hosts:*)
                IFS=$ifs
                squeeze ${it#*:}
                hosts=$hosts$nl$squeezed
                ;;
              /etc/environment:*) variables=$variables$nl${it#*:} ;;
              /etc/sudoers.d/*) sudoers=$sudoers$nl${it#*:} ;;
            esac
          done
          IFS=$ifs
        }
        squeeze() {
          IFS=' '
          squeezed=$*
          IFS=$nl
        }

        # line BEGINNING TEXT: the first line that begins so, in found
        line() {
          case $nl$2 in *"$nl$1"*) ;; *) found=; return 1 ;; esac
          found=$nl$2
          found=${found#*"$nl$1"}
          found=$1${found%%"$nl"*}
        }

        hostname() {
          read -r seen <"$root/proc/sys/kernel/hostname" || { say "$1" unknown 'no /proc'; return; }
          read -r written <"$root/etc/hostname" || written=$seen
          for it in "$seen" "$written"; do
            case $it in "$2" | "$2".*) ;; *) say "$1" differs "$it"; return ;; esac
          done
          say "$1" ok
        }

        # user ID POINTER NAME: what follows is of that user, whose home is not looked at where there is no ID
        user() {
          id=$1 at=$2 login=$3 home=
          line "$login:" "$passwd" || found=$(getent passwd "$login")
          case $found in
            "$login:"*) ;;
            *) say "$at" missing 'no such user'; login=; return ;;
          esac
          IFS=:
          set -- $found
          IFS=$ifs
          gid=$4 home=${6-} shell=${7-}
          [ -z "$id" ] || eval "uid_$id=\$3"
          if [ -n "$id" ]; then add "$id" "$home"; else say "$at" ok; fi
        }
        # home ID POINTER: looked at together with the files. An account that the image had may have no home, or somebody else's.
        home() {
          eval "it=\${stat_$1-} there=\${there_$1-} uid=\${uid_$1-} home=\${path_$1-}"
          case $home in /home/* | /var/home/*) result=differs ;; *) result=unknown ;; esac
          case $there in
            '') return ;;
            no) say "$2" $result 'no home' ;;
            *) case $it in
              '') say "$2" unknown 'no answer of stat' ;;
              "$uid "*) say "$2" ok ;;
              *)
                it=${it#* }
                say "$2" $result "the home belongs to ${it%% *}"
                ;;
            esac ;;
          esac
        }
        shell() {
          [ -n "$login" ] || return
          if [ "$shell" != "$2" ]; then say "$1" differs "${shell:-none}"
          elif [ -x "$root$shell" ]; then say "$1" ok
          else say "$1" missing "the guest has no $shell"; fi
        }
        group() {
          [ -n "$login" ] || return
          line "$2:" "$groups" || found=$(getent group "$2")
          case $found in "$2:"*) ;; *) say "$1" missing 'no such group'; return ;; esac
          at=$1
          IFS=:
          set -- $found
          IFS=$ifs
          case $3/,${4-}, in
            "$gid"/* | *,"$login",*) say "$at" ok ;;
            *) say "$at" missing 'not a member' ;;
          esac
        }
        # What a user has put there may be a pipe that nobody writes to, or endless.
        read_keys() {
          keys_of=$login keys=$root$home/.ssh/authorized_keys
          if [ -f "$keys" ]; then keys=$nl$(head -c 1048577 "$keys")$nl; else keys=; fi
        }
        key() {
          [ -n "$login" ] || return
          [ "$keys_of" = "$login" ] || read_keys
          [ ${#keys} -le 1048576 ] || { say "$1" unknown 'a very long authorized_keys'; return; }
          case $keys in
            *"$nl$2$nl"* | *"$nl$2 "*) say "$1" ok ;;
            *)
              if (set +f; cat "$root/etc/ssh/sshd_config" "$root"/etc/ssh/sshd_config.d/*.conf) | grep -qi '^[[:space:]]*AuthorizedKeys'; then say "$1" unknown 'sshd reads other files'
              else say "$1" missing 'not in authorized_keys'; fi
              ;;
          esac
        }
        sudoer() {
          [ -n "$login" ] || return
          if ! has sudo; then say "$1" missing 'no sudo'
          elif line "$2" "$sudoers"; then say "$1" ok
          else say "$1" missing 'no such rule'; fi
        }

        # add ID PATH: to be looked at
        add() {
          if [ -e "$root$2" ]; then paths=$paths$root$2$nl ids="$ids $1" there=yes; else there=no; fi
          eval "there_$1=$there path_$1=\$2"
        }
        file() {
          if [ -e "$root$3" ] && [ ! -f "$root$3" ]; then say "$2" missing 'not a regular file'; return; fi
          add "$1" "$3"
          if [ $there = yes ]; then say "$2" ok; else say "$2" missing 'not there'; fi
        }
        # distribute PREFIX LINES IDS: line by line to PREFIX_ID, if there are as many as ids
        distribute() {
          lines=$2 prefix=$1
          set -- $3
          IFS=$nl
          count=0
          for it in $lines; do count=$((count + 1)); done
          [ $count = $# ] || { IFS=$ifs; return; }
          for it in $lines; do
            eval "${prefix}_$1=\$it"
            shift
          done
          IFS=$ifs
        }
        look() {
          [ -n "$ids" ] && has stat || return
          IFS=$nl
          set -- $paths
          IFS=$ifs
          distribute stat "$(stat -L -c '%u %U %G %a %s' -- "$@")" "$ids"
          ids= paths=
        }
        # stat_of ID POINTER: of a file that is there, in user, group, mode and size
        stat_of() {
          eval "it=\${stat_$1-} there=\${there_$1-}"
          [ "$there" = yes ] || return 1
          [ -n "$it" ] || { say "$2" unknown 'no answer of stat'; return 1; }
          IFS=' '
          set -- $it
          IFS=$ifs
          user=$2 group=$3 mode=$4 size=$5
        }
        owner() {
          stat_of "$1" "$2" || return
          if [ "$3" = "$user" ] && { [ -z "$4" ] || [ "$4" = "$group" ]; }; then say "$2" ok; else say "$2" differs "$user:$group"; fi
        }
        mode() {
          stat_of "$1" "$2" || return
          if [ "$3" = "$mode" ]; then say "$2" ok; else say "$2" differs "$mode"; fi
        }
        # size ID BYTES: what has another length needs no sum
        size() {
          eval "it=\${stat_$1-}"
          [ -n "$it" ] || return
          size=${it##* }
          if [ "$size" != "$2" ]; then eval "sum_$1=length"; else
            eval "it=\$root\$path_$1"
            [ ! -f "$it" ] || paths=$paths$it$nl ids="$ids $1"
          fi
        }
        sum() {
          [ -n "$ids" ] && has sha256sum || return
          IFS=$nl
          set -- $paths
          IFS=$ifs
          distribute sum "$(sha256sum -- "$@")" "$ids"
        }
        content() {
          eval "it=\${sum_$1-} there=\${there_$1-} size=\${stat_$1-}"
          [ "$there" = yes ] || return
          it=${it#\\}
          case $it in
            '') say "$2" unknown 'no checksum' ;;
            length) say "$2" differs "${size##* } bytes" ;;
            "$3 "*) say "$2" ok ;;
            *) say "$2" differs "${size##* } other bytes" ;;
          esac
        }

        # list_packages NAME...: what dpkg says of them; of all packages only where that is not enough
        list_packages() {
          has dpkg-query || return
          has_packages=yes all=
          packages=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Provides}|\n' "$@")
        }
        list_all() {
          [ -z "$all" ] || return
          all=yes packages=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Provides}|\n')
        }
        package() {
          [ "$has_packages" = yes ] || { say "$1" unknown 'no dpkg'; return; }
          case $nl$packages in *"${nl}ii |$2|"*) say "$1" ok; return ;; esac
          list_all
          # It knows itself at least.
          [ -n "$packages" ] || { say "$1" unknown 'no answer of dpkg'; return; }
          result=missing seen='not installed'
          case $2 in *[.+]*) result=unknown seen='apt may take it for a pattern' ;; esac
          IFS=$nl
          for it in $packages; do
            case $it in *[\ \|]"$2"[,\ \|]*) ;; *) continue ;; esac
            case $it in
              ?i\ *) result=ok seen=; break ;;
              ?[nc]*) ;;
              *\|"$2"\|*\|) result=differs seen="dpkg: ${it%%|*}" ;;
            esac
          done
          IFS=$ifs
          say "$1" $result "$seen"
        }

        attached() {
          if [ ! -d "$root/dev/disk/by-id" ]; then say "$1" unknown 'no udev'
          elif [ -e "$root/dev/disk/by-id/virtio-$2" ]; then say "$1" ok
          else say "$1" missing 'no such disk'; fi
        }
        mounted() {
          # The kernel's list has a directory below a symbolic link by its real path.
          case $mounts in
            *" $3 "*) ;;
            *) real=$(cd -P "$root$3" && pwd -P) && set -- "$1" "$2" "${real#"$root"}" ;;
          esac
          case $mounts in
            *" $3 "*) ;;
            *) if [ -n "$mounts" ]; then say "$1" missing 'not mounted'; else say "$1" unknown 'no /proc'; fi; return ;;
          esac
          # The last one hides those before it.
          device=${mounts%" $3 "*} type=${mounts##*" $3 "}
          device=${device##*"$nl"} type=${type%% *}
          if [ "$type" != ext4 ]; then say "$1" differs "$device, $type"
          elif [ ! -d "$root/dev/disk/by-id" ]; then say "$1" unknown 'no udev'
          elif [ "$root/dev/disk/by-id/virtio-$2" -ef "$root$device" ]; then say "$1" ok
          else say "$1" differs "$device"; fi
        }
        swap() {
          [ -f "$root/proc/swaps" ] || { say "$1" unknown 'no /proc'; return; }
          line '/swap.img ' "$swaps" || { say "$1" missing 'no /swap.img in use'; return; }
          at=$1 mib=$2
          set -- $found
          case ${3-} in '' | *[!0-9]*) say "$at" unknown; return ;; esac
          [ -n "$mib" ] || { say "$at" ok; return; }
          # Its first page is not counted.
          if [ "$3" -ge $((mib * 1024 - 64)) ] && [ "$3" -le $((mib * 1024)) ]; then say "$at" ok; else say "$at" differs "$(($3 / 1024)) MiB"; fi
        }
        timezone() {
          zone=$root/usr/share/zoneinfo/$2 clock=$root/etc/localtime
          if [ ! -f "$zone" ]; then say "$1" missing 'the guest does not know it'
          elif [ "$clock" -ef "$zone" ]; then say "$1" ok
          elif [ ! -e "$clock" ]; then say "$1" missing 'no /etc/localtime'
          elif ! has cmp; then say "$1" unknown 'no cmp'
          elif cmp -s "$clock" "$zone"; then say "$1" ok
          else
            seen=$(readlink "$clock")
            say "$1" differs "${seen#*zoneinfo/}"
          fi
        }
        host() {
          case $hosts$nl in *"$nl$2$nl"* | *"$nl$2 "*) say "$1" ok ;; *) say "$1" missing 'no such line' ;; esac
        }
        variable() {
          case $variables$nl in *"$nl$2$nl"*) say "$1" ok ;; *) say "$1" missing 'no such line' ;; esac
        }

        end() {
          begun=$began
          uptime
          say time "$begun" "$now"
          # A copy of the machine has a script of its own. This one can be run again where it is now.
          case $0 in */scripts/per-instance/*) mv -f "$0" "$directory/autoprovision-verify" ;; esac
          exit 0
        }

        uptime
        began=$now ids= paths= packages= has_packages= keys_of=

        """;
}
