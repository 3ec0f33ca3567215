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
  // log of a task. Otherwise the notable ones as text: results on stdout, progress and errors on
  // stderr.
  explicit Events(bool json) : json_(json) {}

  void Emit(const Json& event);
  // The event `error`; `request` where one request failed and the process goes on.
  void Error(const engine::EngineError& error, const std::string& request = "");

 private:
  void Print(const Json& event, FILE* words_to) const;

  const bool json_;
  std::mutex mutex_;
};

}  // namespace makeover
