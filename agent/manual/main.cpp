// print-manual WHAT: what packages have beside the program, made from its own tables. Runs at build time
// alone.
#include <iostream>
#include <string_view>

#include "agent/manual/pages.h"

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == "man8") {
    std::cout << agent::manual::program_page();
  } else if (what == "man5") {
    std::cout << agent::manual::configuration_page();
  } else {
    std::cerr << "usage: print-manual man8|man5\n";
    return 64;
  }
  // A page that is cut off must not be installed.
  return std::cout.flush() ? 0 : 1;
}
