#pragma once

#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace makeover {

// The signals that ask to stop: SIGINT, SIGTERM, and SIGHUP unless it is ignored, as nohup(1) wants
// it: a blocked signal would be heard though it is ignored.
sigset_t StopSignals();

// Ctrl-C (SIGINT), SIGTERM and SIGHUP, heard by a thread. The first one calls the action of the
// living Scope; without a Scope, and at the second one, the process ends with status 130.
//
// Create it before any other thread: the signals are blocked in the creating thread and in those
// that it starts. Thread-safe.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // While it lives, a Ctrl-C calls `action` (may be empty), from another thread. One Scope may live
  // inside another: the inner action holds.
  class Scope {
   public:
    Scope(Interrupt& interrupt, std::function<void()> action);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Interrupt& interrupt_;
    std::function<void()> outer_action_;
    bool outer_scoped_;
  };

  // Has one been heard?
  bool requested() const;

  // Asked to stop by the first interrupt.
  std::stop_token stop_token() const { return stop_source_.get_token(); }

  // Sleeps, but not beyond an interrupt. Returns whether there was none.
  bool Sleep(std::chrono::milliseconds duration);

 private:
  void Listen();
  void Heard();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> action_;  // guarded by mutex_
  bool scoped_ = false;           // guarded by mutex_
  bool requested_ = false;        // guarded by mutex_
  std::stop_source stop_source_;
  int signals_ = -1;
  int stop_ = -1;
  std::thread listener_;
};

}  // namespace makeover
