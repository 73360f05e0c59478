# Every library comes from the distribution; packaging/install-build-dependencies names the packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(libnl REQUIRED IMPORTED_TARGET libnl-3.0)
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
# The daemon does not link it, nor OpenSSL: on nodes nobody pays for TLS and brotli (6 MiB of resident memory) but the
# program that asks Azure and Kubernetes.
pkg_check_modules(cpp_httplib REQUIRED IMPORTED_TARGET cpp-httplib)
find_package(OpenSSL REQUIRED)
find_package(yaml-cpp REQUIRED)

# Header-only parts of Boost, as system headers so that our warnings stay ours.
add_library(boost_asio INTERFACE)
target_include_directories(boost_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(boost_asio INTERFACE Threads::Threads)
target_compile_definitions(boost_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

if(CAA_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
