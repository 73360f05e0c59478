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

if [ -e /usr/bin/calico-azure-agent ]; then refuse "/usr/bin has it already, from a package or a system extension"; fi
# Written once the service is enabled: what ended earlier is no upgrade the next time, but the first installation still.
enabled=$to/share/calico-azure-agent/enabled
upgrade=
if [ -e $enabled ]; then upgrade=yes; fi

# A full disk, or a shell that is closed, leaves whole files: each is written beside its place and renamed, programs once
# all of them are there. One that runs keeps its own.
replace() {
  if cp --remove-destination "$1" "$2.new" && mv -fT "$2.new" "$2"; then return; fi
  rm -f "$2.new"
  refuse "$2 cannot be written: once it can be, run this again"
}
mkdir -p $to
(cd "$from/opt" && find . -type d -exec mkdir -p "$to/{}" \; && find . -type f) | while read -r file; do
  if ! cp --remove-destination "$from/opt/$file" "$to/$file.new"; then
    find $to -name '*.new' -delete
    refuse "$to/$file cannot be written: once it can be, run this again"
  fi
done
(cd "$from/opt" && find . -type f) | while read -r file; do mv -fT "$to/$file.new" "$to/$file"; done

# In /etc what somebody has edited since it was installed stays, and so does a link, as `systemctl mask` makes it.
installed=$to/share/calico-azure-agent/etc
while read -r file; do
  mkdir -p "/etc/${file%/*}" "$installed/${file%/*}"
  if [ -L "/etc/$file" ] || { [ -e "/etc/$file" ] && ! cmp -s "/etc/$file" "$installed/$file"; }; then
    cmp -s "/etc/$file" "$from/etc/$file" || echo "/etc/$file stays as it is: it is not as it was installed"
  else
    replace "$from/etc/$file" "/etc/$file"
  fi
  replace "$from/etc/$file" "$installed/$file"
done <$to/share/calico-azure-agent/files-in-etc
# In root's PATH and people's: Flatcar's /usr/local is read-only, and has /opt/bin instead.
if [ -w /usr/local/bin ]; then links=/usr/local/bin; else links=/opt/bin; fi
mkdir -p $links
ln -sfn $to/bin/calico-azure-agent $links/calico-azure-agent

if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers calico-azure-agent.conf
elif ! id calico-azure-agent >/dev/null 2>&1; then
  useradd --system --user-group --home-dir /var/lib/calico-azure-agent --shell /usr/sbin/nologin calico-azure-agent
fi
if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create calico-azure-agent.conf || true; fi

if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
if [ "$(readlink /etc/systemd/system/calico-azure-agent.service)" = /dev/null ]; then exit 0; fi  # masked
if [ -n "$upgrade" ]; then
  if [ ! -d /run/systemd/system ]; then exit 0; fi
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
touch $enabled
if [ -d /run/systemd/system ]; then
  # What the next boot would set from sysctl.d, this key alone; whatever file wins has the word.
  if [ -x /usr/lib/systemd/systemd-sysctl ]; then
    /usr/lib/systemd/systemd-sysctl --prefix=net/ipv4/ip_forward || true
  fi
  systemctl --no-block start calico-azure-agent-cloud.socket || true  # it may be masked; the agent needs it not
  systemctl --no-block start calico-azure-agent.service
  if systemctl --quiet is-active systemd-networkd.service; then
    echo "calico-azure-agent: run 'systemctl restart systemd-networkd' once, so that it leaves others' routes alone"
  fi
fi
