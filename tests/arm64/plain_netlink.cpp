// Preloaded into programs that qemu-user runs: it translates messages of netlink sockets and refuses kinds
// that it does not know, rules and neighbours among them (linux-user/fd-trans.c). Both machines are
// little-endian, so that nothing needs a translation, and of a descriptor that was not made by socket()
// qemu-user does not know what it is.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

// What they start are programs of the machine's own.
__attribute__((constructor)) static void keep_it_from_children() { unsetenv("LD_PRELOAD"); }

extern "C" int socket(int domain, int type, int protocol) noexcept {
  const auto made = static_cast<int>(syscall(SYS_socket, domain, type, protocol));
  if (made < 0 || domain != AF_NETLINK) {
    return made;
  }
  const auto self = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  const auto untranslated = static_cast<int>(syscall(SYS_pidfd_getfd, self, made, 0));
  close(self);
  close(made);
  return untranslated;
}
