#include "remedy/commands.h"

#include "net/sysctls.h"

namespace remedy {

Remedy set_link_up(std::string_view link) { return command("ip link set dev {} up", link); }

Remedy set_sysctl_now(std::string_view key, std::string_view value) {
  return command("sysctl -w {}={}", net::sysctl_name(key), value);
}

Remedy set_sysctl_at_boot(std::string_view key, std::string_view value) {
  // printf, since echo interprets a backslash in a link's name.
  return command("printf '%s\\n' {} >> /etc/sysctl.d/99-calico-azure.conf",
                 fmt::format("{} = {}", net::sysctl_name(key), value));
}

Remedy set_sysctl(std::string_view key, std::string_view value) {
  return set_sysctl_now(key, value).then(set_sysctl_at_boot(key, value));
}

Remedy list_pods(std::string_view node) {
  return command("kubectl get pods --all-namespaces --field-selector spec.nodeName={} --output wide", node);
}

Remedy list_pods(std::string_view node, std::string_view selector) {
  return command(
      "kubectl get pods --all-namespaces --selector {} --field-selector spec.nodeName={} --output wide",
      selector, node);
}

Remedy restart_pods(std::string_view node, std::string_view selector) {
  return command("kubectl delete pod --all-namespaces --selector {} --field-selector spec.nodeName={}",
                 selector, node);
}

Remedy cordon(std::string_view node) { return command("kubectl cordon {}", node); }

Remedy edit_installation() { return command("kubectl edit installation default"); }

Remedy patch_felix_configuration(std::string_view json) {
  return command("kubectl patch felixconfiguration default --type merge --patch {}", json);
}

}  // namespace remedy
