#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace imds {

/// A thread that takes no signals: they are for the loop of the main thread. `name` has at most 15
/// characters.
template <class Function>
std::thread quiet_thread(const char* name, Function run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace imds
