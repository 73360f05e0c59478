# Every library comes from the distribution; packaging/install-build-dependencies names the packages.
#
# What is ours to update is linked in, what the distribution patches stays shared: libc, libgcc_s, OpenSSL.
# One program then runs on every node that has glibc 2.34 (tests/system/test_portable.py). Who builds for a distribution
# with its shared libraries says -DCAA_PORTABLE=OFF.
option(CAA_PORTABLE "Link libstdc++, fmt, libnl, spdlog, toml++ and yaml-cpp into the programs" ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own configuration: CMake 3.30 and later warn of their module for it
endif()
find_package(Boost 1.74 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
# The daemon does not link it: on nodes nobody pays for TLS but the program that asks Azure and Kubernetes.
find_package(OpenSSL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(ZLIB REQUIRED)
if(CAA_SIMULATOR)
  pkg_check_modules(cpp_httplib REQUIRED IMPORTED_TARGET cpp-httplib)  # its control endpoint's, and servers of tests
endif()

# Header-only parts of Boost, as system headers so that our warnings stay ours.
add_library(boost_asio INTERFACE)
target_include_directories(boost_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(boost_asio INTERFACE Threads::Threads)
target_compile_definitions(boost_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

# What rooms link: libraries::NAME is the distribution's shared library, or what is linked in of it.
foreach(name fmt libnl libstdcxx spdlog tomlplusplus yaml_cpp zlib)
  add_library(library_${name} INTERFACE)
  add_library(libraries::${name} ALIAS library_${name})
endforeach()
if(CAA_PORTABLE)
  foreach(archive libnl-3.a libyaml-cpp.a libz.a)
    find_library(CAA_${archive} NAMES ${archive} REQUIRED)
  endforeach()
  add_library(portable_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/portable/fmt.cpp)
  target_include_directories(portable_fmt SYSTEM PUBLIC $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(portable_fmt PRIVATE caa_options)
  target_link_libraries(library_fmt INTERFACE portable_fmt)
  target_compile_definitions(library_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(library_spdlog INTERFACE portable_fmt Threads::Threads)
  target_include_directories(library_libnl SYSTEM INTERFACE ${libnl_INCLUDE_DIRS})
  target_link_libraries(library_libnl INTERFACE ${CAA_libnl-3.a})
  target_compile_definitions(library_tomlplusplus INTERFACE TOML_HEADER_ONLY=1)
  target_include_directories(library_tomlplusplus SYSTEM INTERFACE ${tomlplusplus_INCLUDE_DIRS})
  target_include_directories(library_yaml_cpp SYSTEM INTERFACE ${YAML_CPP_INCLUDE_DIR})
  target_link_libraries(library_yaml_cpp INTERFACE ${CAA_libyaml-cpp.a})
  target_include_directories(library_zlib SYSTEM INTERFACE ${ZLIB_INCLUDE_DIRS})
  target_link_libraries(library_zlib INTERFACE ${CAA_libz.a})
  # libgcc_s stays shared: libgcc_eh.a asks for glibc 2.35.
  target_link_options(library_libstdcxx INTERFACE -static-libstdc++)
  # Of libm nothing is left once what nobody calls is left out, but only then; shared, it would still be loaded
  # by every start.
  target_link_libraries(library_libstdcxx INTERFACE -l:libm.a)
else()
  target_link_libraries(library_fmt INTERFACE fmt::fmt)
  target_link_libraries(library_spdlog INTERFACE spdlog::spdlog)
  target_link_libraries(library_libnl INTERFACE PkgConfig::libnl)
  target_link_libraries(library_tomlplusplus INTERFACE PkgConfig::tomlplusplus)
  # 0.8 deprecates its older name.
  target_link_libraries(library_yaml_cpp INTERFACE $<IF:$<TARGET_EXISTS:yaml-cpp::yaml-cpp>,yaml-cpp::yaml-cpp,yaml-cpp>)
  target_link_libraries(library_zlib INTERFACE ZLIB::ZLIB)
endif()

if(CAA_TESTS)
  find_package(GTest REQUIRED)
  if(NOT CMAKE_CROSSCOMPILING)
    find_package(benchmark REQUIRED)
  endif()
endif()
