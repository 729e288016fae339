# shellcheck shell=bash
# Everything the commands share; $deploy is the directory above. Sourced.
# shellcheck source=deploy/lib/messages.sh
. "$deploy/lib/messages.sh"
# shellcheck source=deploy/lib/wait.sh
. "$deploy/lib/wait.sh"
# shellcheck source=deploy/lib/daemons.sh
. "$deploy/lib/daemons.sh"
# shellcheck source=deploy/lib/packages.sh
. "$deploy/lib/packages.sh"
# shellcheck source=deploy/lib/pyyaml.sh
. "$deploy/lib/pyyaml.sh"
# shellcheck source=deploy/lib/libvirt.sh
. "$deploy/lib/libvirt.sh"
# shellcheck source=deploy/lib/host.sh
. "$deploy/lib/host.sh"
# shellcheck source=deploy/lib/dotnet.sh
. "$deploy/lib/dotnet.sh"
