#!/bin/sh
# Installs calico-azure-agent, or upgrades it, on a system without a package for it or with a read-only /usr: programs in
# /opt/calico-azure-agent, units and settings in /etc. As the packages do it: the service is enabled and started, nobody
# waits until the node is ready, configuration files stay as they are.
#
#   sudo ./install.sh
set -eu
umask 022
from=$(dirname "$(readlink -f "$0")")
to=/opt/calico-azure-agent

refuse() {
  echo "calico-azure-agent is not installed: $*" >&2
  exit 1
}

# This system's own systemd runs: a chroot's kernel, and its /run, may be those of its host.
is_booted() {
  [ -d /run/systemd/system ] && ! systemd-detect-virt --chroot 2>/dev/null
}

# is_at_least MAJOR.MINOR MAJOR.MINOR
is_at_least() {
  [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" = "${2%%.*}" ] && [ "${1#*.}" -ge "${2#*.}" ]; }
}

[ "$(id -u)" = 0 ] || refuse "this takes root"
libc=$( (getconf GNU_LIBC_VERSION || ldd --version) 2>/dev/null | sed -n '1s/.* \([0-9]\{1,\}\.[0-9]\{1,\}\).*/\1/p')
is_at_least "${libc:-0.0}" 2.34 ||
  refuse "its programs need glibc 2.34 or later (Debian 12, Ubuntu 22.04, RHEL 9), and this system has ${libc:-another libc}"
systemd=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]\{1,\}\).*/\1/p')
[ "${systemd:-0}" -ge 247 ] || refuse "its units need systemd 247 or later, and this system has ${systemd:-none}"
for program in bin/calico-azure-agent libexec/calico-azure-agent/calico-azure-agent-cloud; do
  status=0
  said=$("$from/opt/$program" --help 2>&1) || status=$?
  case $status in
    0 | 64) ;;  # 64: the second one has no help
    *) refuse "$program does not run on this system: $said" ;;
  esac
done

command -v cmp >/dev/null || refuse "this takes cmp (diffutils), which tells what was edited in /etc"

if [ -e /usr/bin/calico-azure-agent ]; then refuse "/usr/bin has it already, from a package or a system extension"; fi
# In root's PATH and people's: Flatcar's /usr/local is read-only, and has /opt/bin instead.
if [ -w /usr/local/bin ]; then link=/usr/local/bin/calico-azure-agent; else link=/opt/bin/calico-azure-agent; fi
if { [ -e $link ] || [ -L $link ]; } && [ "$(readlink $link)" != $to/bin/calico-azure-agent ]; then
  refuse "$link is there and not a link of this program's: move it away, then run this again"
fi
if dpkg --status calico-azure-agent 2>/dev/null | grep -q '^Status: .* config-files$'; then
  echo "calico-azure-agent: its package is removed and not purged: 'dpkg --purge calico-azure-agent' will take" \
    "/etc/calico-azure-agent/config.toml along, so copy it before and put it back after"
fi
# Written once the service is started: what ended earlier is no upgrade the next time, but the first installation still.
enabled=$to/share/calico-azure-agent/enabled
upgrade=
if [ -e $enabled ]; then upgrade=yes; fi

# A full disk, or a shell that is closed, leaves whole files: each is written beside its place and renamed, programs once
# all of them are there. One that runs keeps its own.
replace() {
  if mkdir -p "${2%/*}" && cp --remove-destination "$1" "$2.install-new" && mv -fT "$2.install-new" "$2"; then return; fi
  rm -f "$2.install-new"
  refuse "$2 cannot be written: once it can be, run this again"
}
(cd "$from/opt" && find . -type f) | while read -r file; do
  if ! mkdir -p "$to/${file%/*}" || ! cp --remove-destination "$from/opt/$file" "$to/$file.new"; then
    find $to -name '*.new' -delete || true
    refuse "$to/$file cannot be written: once it can be, run this again"
  fi
done
(cd "$from/opt" && find . -type f) | while read -r file; do mv -fT "$to/$file.new" "$to/$file"; done

# In /etc what somebody has edited since it was installed stays, and so does a link, as `systemctl mask` makes it.
installed=$to/share/calico-azure-agent/etc
while read -r file; do
  if [ -L "/etc/$file" ] || { [ -e "/etc/$file" ] && ! cmp -s "/etc/$file" "$installed/$file"; }; then
    cmp -s "/etc/$file" "$from/etc/$file" || echo "/etc/$file stays as it is: it is not as it was installed"
  else
    replace "$from/etc/$file" "/etc/$file"
  fi
  replace "$from/etc/$file" "$installed/$file"
done <$to/share/calico-azure-agent/files-in-etc
mkdir -p "${link%/*}"
ln -sfn $to/bin/calico-azure-agent $link

if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers calico-azure-agent.conf
elif ! id calico-azure-agent >/dev/null 2>&1; then
  useradd --system --user-group --home-dir /var/lib/calico-azure-agent --shell /usr/sbin/nologin calico-azure-agent
fi
if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create calico-azure-agent.conf || true; fi

if is_booted; then systemctl daemon-reload; fi
if [ "$(readlink /etc/systemd/system/calico-azure-agent.service)" = /dev/null ]; then
  echo "calico-azure-agent.service is masked, so it is not started: after 'systemctl unmask' run this again"
  exit 0
fi
if [ -n "$upgrade" ]; then
  if ! is_booted; then exit 0; fi
  # Which configuration is in force the running agent knows; one that cannot be read would end its successor for good.
  if $to/bin/calico-azure-agent config check >/dev/null 2>&1; then
    systemctl --no-block try-restart calico-azure-agent.service
  else
    echo "not restarted, for the configuration is invalid: see 'calico-azure-agent config check', then run" \
      "'systemctl restart calico-azure-agent'"
  fi
  exit 0
fi
systemctl --quiet enable calico-azure-agent.service
if is_booted; then
  # What the next boot would set from sysctl.d, this key alone; whatever file wins has the word.
  if [ -x /usr/lib/systemd/systemd-sysctl ]; then
    /usr/lib/systemd/systemd-sysctl --prefix=net/ipv4/ip_forward || true
  fi
  systemctl --no-block start calico-azure-agent-cloud.socket || true  # it may be masked; the agent needs it not
  systemctl --no-block restart calico-azure-agent.service  # one that an earlier run has started may be older
  if systemctl --quiet is-active systemd-networkd.service; then
    echo "calico-azure-agent: run 'systemctl restart systemd-networkd' once, so that it leaves others' routes alone"
  fi
fi
touch $enabled
