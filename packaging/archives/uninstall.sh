#!/bin/sh
# Removes what install.sh has installed:
#
#   sudo /opt/calico-azure-agent/uninstall.sh            its routes stay, and so do configuration and state
#   sudo /opt/calico-azure-agent/uninstall.sh --purge    removes every route with its protocol number, and those too
set -eu
to=/opt/calico-azure-agent
case "$#:${1:-}" in
  0: | 1:--purge) purge=${1:-} ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
if [ "$(id -u)" != 0 ]; then echo "calico-azure-agent is not removed: this takes root" >&2; exit 1; fi

# A package's service stays, whatever has brought both here.
package=
if [ -e /usr/bin/calico-azure-agent ]; then package=yes; fi
if [ -z "$package" ] && [ -d /run/systemd/system ]; then
  systemctl stop calico-azure-agent.service calico-azure-agent-cloud.socket 'calico-azure-agent-cloud@*.service'
fi
if [ -z "$package" ]; then
  if [ -n "$purge" ] && ! $to/bin/calico-azure-agent flush; then
    echo "its flush does not run: ip removes routes and rules of protocol 169" >&2
    for family in -4 -6; do
      ip $family route flush table all protocol 169 || true
      ip $family rule flush protocol 169 || true
    done
  fi
  systemctl --quiet --no-reload disable calico-azure-agent.service calico-azure-agent-cloud.socket || true
fi

while read -r file; do
  case $file in
    calico-azure-agent/config.toml | iproute2/*) if [ -z "$purge" ] || [ -n "$package" ]; then continue; fi ;;
  esac
  rm -f "/etc/$file"
done <$to/share/calico-azure-agent/files-in-etc
for links in /usr/local/bin /opt/bin; do
  if [ "$(readlink $links/calico-azure-agent)" = $to/bin/calico-azure-agent ]; then rm -f $links/calico-azure-agent; fi
done
rm -rf $to
if [ -z "$package" ]; then
  # The service user's folders: rm -r removes links in them and follows none.
  rm -rf /run/calico-azure-agent
  if [ -n "$purge" ]; then rm -rf /var/lib/calico-azure-agent; rmdir /etc/calico-azure-agent 2>/dev/null || true; fi
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ -n "$package" ]; then systemctl --no-block try-restart calico-azure-agent.service; fi
fi
