# One room of the house = one library target. It names what it links: a function across the floors does not link.
# Includes are by the path from the root, which every room has: tests/house/floors.py looks at those.
#
#   add_box(netlink HOT SOURCES a.cpp b.cpp COLD c.cpp PUBLIC net PRIVATE libraries::libnl)
#   add_box(imds TEMPLATES SOURCES …)
#
# Most of an agent's code runs once a minute or once an outage, and is compiled for size: half of what -O2 makes of it, and
# of the memory of every node. HOT is what each notification of the kernel, each route and each request pass through, but for
# the room's COLD sources. TEMPLATES
# are Beast's, Asio's, nlohmann-json's and fmt's: with sanitizers and without optimisation they take seconds where doctor has
# four, and where clients wait for a large answer.
set(CAA_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
                 -Wcast-qual -Wformat=2 $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety> $<$<BOOL:${CAA_WARNINGS_AS_ERRORS}>:-Werror>)

add_library(caa_options INTERFACE)
target_compile_options(caa_options INTERFACE ${CAA_WARNINGS})
target_include_directories(caa_options INTERFACE ${PROJECT_SOURCE_DIR})
if(CAA_SANITIZE)
  target_compile_options(caa_options INTERFACE -fsanitize=${CAA_SANITIZE} -fno-sanitize-recover=all
                                               -fno-omit-frame-pointer -fno-pie)
  # Without PIE, for a million relocations at the start of each of thousands of processes are a minute of a run.
  target_link_options(caa_options INTERFACE -fsanitize=${CAA_SANITIZE} -no-pie)
else()
  # A function of its own section goes where nobody calls it, whatever stands beside it in its unit.
  target_compile_options(caa_options INTERFACE -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections)
  target_compile_definitions(caa_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  target_link_options(caa_options INTERFACE -pie -Wl,-z,relro,-z,now -Wl,--as-needed,--gc-sections)
endif()
if(CAA_FUZZ)
  target_compile_options(caa_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(add_box name)
  cmake_parse_arguments(BOX "HOT;TEMPLATES" "" "SOURCES;COLD;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${BOX_SOURCES} ${BOX_COLD})
  target_link_libraries(${name} PUBLIC caa_options ${BOX_PUBLIC} PRIVATE ${BOX_PRIVATE})
  if(NOT BOX_HOT)
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-Os>)
  elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    # GCC inlines less in a large unit: a repair took a quarter more instructions.
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
    set_property(SOURCE ${BOX_COLD} APPEND PROPERTY COMPILE_OPTIONS -Os)
  endif()
  if(CAA_SANITIZE AND BOX_TEMPLATES)
    target_compile_options(${name} PRIVATE -O1)
  endif()
endfunction()
