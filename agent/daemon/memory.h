#pragma once

namespace agent {

/// Keeps glibc's heap small, before any other thread starts: one arena, whose lock a few threads that seldom
/// allocate share, and large lists in mappings of their own, which go back when they are freed (mallopt(3)).
/// Other C libraries are left as they are.
void keep_the_heap_small();

/// Returns to the kernel what reading a configuration or starting up has left behind: milliseconds for a
/// large heap, so for rare moments.
void give_back_memory();

}  // namespace agent
