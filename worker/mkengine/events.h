// Where a command says what happens: JSON lines for a program, or words for a person. Thread-safe.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>

#include "worker/engine/error.h"
#include "worker/engine/json.h"

namespace makeover {

class Events {
 public:
  // json: every event as one line on stdout, and the notable ones as text on stderr, which is the
  // log of a task. Otherwise the notable ones as text: results on stdout, unless the command prints
  // `its_own` there; progress and errors on stderr.
  explicit Events(bool json, bool its_own = false)
      : json_(json), words_to_(json || its_own ? stderr : stdout) {}

  void Emit(const Json& event);
  // The event `error`; `request` where one request failed and the process goes on.
  void Error(const engine::EngineError& error, const std::string& request = "");

 private:
  void Print(const Json& event) const;

  const bool json_;
  FILE* const words_to_;
  std::mutex mutex_;
};

}  // namespace makeover
