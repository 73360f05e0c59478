// Stands for a program that a node runs: what others see of it is its name, its words and its environment,
// which who starts it gives. It does nothing.
#include <unistd.h>

int main() {
  while (true) ::pause();
}
