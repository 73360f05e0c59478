#!/bin/sh
# Removes what install.sh has installed:
#
#   sudo /opt/calico-azure-agent/uninstall.sh            its routes stay, and so do configuration, state and what was edited
#   sudo /opt/calico-azure-agent/uninstall.sh --purge    removes every route with its protocol number, and those too
set -eu
to=/opt/calico-azure-agent
case "$#:${1:-}" in
  0: | 1:--purge) purge=${1:-} ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
if [ "$(id -u)" != 0 ]; then echo "calico-azure-agent is not removed: this takes root" >&2; exit 1; fi

# This system's own systemd runs: a chroot's kernel, and its /run, may be those of its host.
is_booted() {
  [ -d /run/systemd/system ] && ! systemd-detect-virt --chroot 2>/dev/null
}

# A DaemonSet's or one that was started by hand, once the own service is stopped: each agent binds this abstract name.
another_agent_runs() {
  grep -q ' @calico-azure-agent$' /proc/net/unix
}

# A package's service stays, whatever has brought both here.
package=
if [ -e /usr/bin/calico-azure-agent ]; then package=yes; fi
if [ -z "$package" ] && is_booted; then
  # It fails, too, at a unit that an installation which ended early has not brought.
  systemctl stop calico-azure-agent.service calico-azure-agent-cloud.socket 'calico-azure-agent-cloud@*.service' || true
  if systemctl --quiet is-active calico-azure-agent.service; then
    echo "calico-azure-agent is not removed: its service does not stop" >&2
    exit 1
  fi
  if [ -n "$purge" ] && another_agent_runs; then
    echo "calico-azure-agent is not removed, for another agent runs here (unix socket @calico-azure-agent):" \
      "without --purge its routes and its state stay" >&2
    exit 1
  elif [ -n "$purge" ] && $to/bin/calico-azure-agent version >/dev/null 2>&1; then
    if ! $to/bin/calico-azure-agent flush; then
      echo "calico-azure-agent is not removed, for its flush fails: without --purge its routes and its state stay" >&2
      exit 1
    fi
  elif [ -n "$purge" ]; then
    echo "the program does not run: ip removes routes and rules of protocol 169" >&2
    for family in -4 -6; do
      ip $family route flush table all protocol 169 || true
      ip $family rule flush protocol 169 || true
    done
  fi
fi
if [ -z "$package" ]; then
  systemctl --quiet --no-reload disable calico-azure-agent.service calico-azure-agent-cloud.socket || true
  # Of a masked unit that leaves the links.
  rm -f /etc/systemd/system/*.wants/calico-azure-agent.service /etc/systemd/system/*.wants/calico-azure-agent-cloud.socket
fi

installed=$to/share/calico-azure-agent/etc
is_edited() {
  [ -L "/etc/$1" ] || { [ -e "/etc/$1" ] && ! cmp -s "/etc/$1" "$installed/$1"; }
}
list=$to/share/calico-azure-agent/files-in-etc
if [ ! -e $list ]; then list=/dev/null; fi  # an installation that ended early, before it came to /etc
while read -r file; do
  if [ "$(readlink "/etc/$file")" = /dev/null ]; then continue; fi  # masked, which only an administrator does
  case $file in
    calico-azure-agent/config.toml | iproute2/*) if [ -z "$purge" ] || [ -n "$package" ]; then continue; fi ;;
    systemd/system/*)
      # Its program goes, and it would hide the unit of a package that comes later.
      if [ -z "$purge" ] && is_edited "$file"; then
        mv -fT --backup=numbered "/etc/$file" "/etc/$file.save"
        echo "/etc/$file is renamed to ${file##*/}.save: it is not as it was installed"
      fi
      ;;
    *) if [ -z "$purge" ] && is_edited "$file"; then echo "/etc/$file stays: it is not as it was installed"; continue; fi ;;
  esac
  rm -f "/etc/$file" "/etc/$file.install-new"
done <$list
for link in /usr/local/bin/calico-azure-agent /opt/bin/calico-azure-agent; do
  if [ "$(readlink $link)" = $to/bin/calico-azure-agent ]; then rm -f $link; fi
done
# The service user's folders: rm -r removes links in them and follows none.
if [ -z "$package" ] && is_booted && ! another_agent_runs; then rm -rf /run/calico-azure-agent; fi
if [ -z "$package" ] && [ -n "$purge" ]; then
  rm -rf /var/lib/calico-azure-agent
  rmdir /etc/calico-azure-agent 2>/dev/null || true
fi
rm -rf $to  # last of all: until here this can be run again
if is_booted; then
  systemctl daemon-reload
  if [ -n "$package" ]; then systemctl --no-block try-restart calico-azure-agent.service; fi
fi
