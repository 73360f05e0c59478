#pragma once

#include <string>

namespace agent {

/// "0.1.0"
std::string version();
/// Version, commit, compiler and library versions, a line each.
std::string version_details();

/// Keeps glibc's heap small, before any other thread starts: one arena, whose lock a few threads that seldom
/// allocate share, and large lists in mappings of their own, which go back when they are freed (mallopt(3)).
/// Other C libraries are left as they are.
void limit_heap();

/// Returns to the kernel what reading a configuration or starting up has left behind: milliseconds for a
/// large heap, so for rare moments.
void trim_heap();

/// Takes from this process the pages of programs and libraries that nobody writes to: what it needs of them
/// it gets again, from the kernel's page cache, in a microsecond for each 64 KiB. Of the code that a start
/// and a look run, a quarter is there again a second later. Breakpoints of a debugger go with it. Any thread.
void forget_code();

}  // namespace agent
