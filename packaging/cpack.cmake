# The .deb and the .rpm that `cpack` makes of a build, with the same scripts as the distributions' own sources in
# packaging/debian and packaging/rpm.
set(CPACK_PACKAGE_NAME calico-azure-agent)
set(CPACK_PACKAGE_VENDOR "calico-azure-agent")
set(CPACK_PACKAGE_CONTACT "calico-azure-agent maintainers <maintainers@calico-azure-agent.example>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_COMPONENTS_ALL agent simulator)
set(agent_summary "Node agent that makes Calico policy work on Azure")
set(agent_text "Programs and heals the kernel's pod routes of an Azure virtual machine,
checks what else Calico needs there, and answers on a loopback address that
calico/node can wait for and the kubelet can probe.")
set(simulator_summary "Stand-in for Azure's metadata service, ARM and a Kubernetes API")
set(simulator_text "A development tool with faults to order, for whoever tests against Azure's
instance metadata service without a virtual machine of Azure's.")
set(CPACK_COMPONENT_AGENT_DESCRIPTION "${agent_summary}\n${agent_text}")
set(CPACK_COMPONENT_SIMULATOR_DESCRIPTION "${simulator_summary}\n${simulator_text}")
set(CPACK_RPM_AGENT_PACKAGE_SUMMARY ${agent_summary})
set(CPACK_RPM_AGENT_PACKAGE_DESCRIPTION ${agent_text})
set(CPACK_RPM_SIMULATOR_PACKAGE_SUMMARY ${simulator_summary})
set(CPACK_RPM_SIMULATOR_PACKAGE_DESCRIPTION ${simulator_text})
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/cpack-staged.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_AGENT_PACKAGE_NAME calico-azure-agent)
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION admin)
# The agent's are stated in debian/control, for every release at once.
set(CPACK_DEBIAN_AGENT_PACKAGE_SHLIBDEPS OFF)
foreach(field Pre-Depends Depends Recommends)
  file(STRINGS packaging/debian/control stated REGEX "^${field}: " LIMIT_COUNT 1)
  string(REGEX REPLACE "^[^:]*: ([$][^,]*, )?" "" stated "${stated}")
  string(REPLACE "-" "" field "${field}")
  string(TOUPPER "${field}" field)
  set(CPACK_DEBIAN_AGENT_PACKAGE_${field} "${stated}")
endforeach()
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_NAME azure-simulator)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_SECTION devel)
set(scripts ${PROJECT_BINARY_DIR}/packaging)
foreach(script preinst postinst prerm postrm)
  file(READ packaging/debian/calico-azure-agent.${script} text)
  string(REPLACE "#DEBHELPER#\n" "" text "${text}")
  file(WRITE ${scripts}/${script} "${text}")
endforeach()
file(WRITE ${scripts}/conffiles
     "/etc/calico-azure-agent/config.toml\n/etc/iproute2/rt_protos.d/calico-azure-agent.conf\n")
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
    "${scripts}/preinst;${scripts}/postinst;${scripts}/prerm;${scripts}/postrm;${scripts}/conffiles")
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
# The same bits from the same build: by SOURCE_DATE_EPOCH, and without the builder's name.
set(CPACK_RPM_SPEC_MORE_DEFINE
    "%define use_source_date_epoch_as_buildtime 1\n%define clamp_mtime_to_source_date_epoch 1\n%define _buildhost localhost")
set(CPACK_RPM_AGENT_PACKAGE_NAME calico-azure-agent)
# As rpm/calico-azure-agent.spec; libraries and their symbols' versions are found by rpm.
set(CPACK_RPM_AGENT_PACKAGE_REQUIRES "systemd >= 247")
set(CPACK_RPM_SIMULATOR_PACKAGE_NAME azure-simulator)
set(CPACK_RPM_AGENT_PRE_INSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/pre)
set(CPACK_RPM_AGENT_POST_INSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/post)
set(CPACK_RPM_AGENT_PRE_UNINSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/preun)
set(CPACK_RPM_AGENT_POST_UNINSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/postun)
set(CPACK_RPM_AGENT_USER_FILELIST
    "%config(noreplace) /etc/calico-azure-agent/config.toml"
    "%config(noreplace) /etc/iproute2/rt_protos.d/calico-azure-agent.conf")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /etc/iproute2 /etc/iproute2/rt_protos.d /usr/lib/systemd /usr/lib/systemd/system /usr/lib/systemd/catalog
    /usr/lib/systemd/networkd.conf.d /usr/lib/sysctl.d /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/lib/modules-load.d
    /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man8 /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/zsh
    /usr/share/zsh/site-functions /usr/share/licenses /usr/libexec)
if(NOT TARGET azure-simulator)
  set(CPACK_COMPONENTS_ALL agent)
endif()
if(CMAKE_CROSSCOMPILING)
  set(CPACK_RPM_PACKAGE_ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
  string(REPLACE aarch64 arm64 CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
  add_custom_target(agent_package DEPENDS calico-azure-agent calico-azure-agent-cloud manual)
endif()
include(CPack)
