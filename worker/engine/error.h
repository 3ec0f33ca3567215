// What the engine throws. main catches once and turns it into the event `error` and an exit status.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace makeover::engine {

// Who has to act: the user (the input is bad, trying again is useless), nobody (the task failed; it
// is tried again), or the one who looks after the disk (it is full; the work waits).
enum class ErrorClass { kUser, kTask, kStorage };

class EngineError : public std::runtime_error {
 public:
  // `code` is a short lower-case name for programs; `message` says what and why; `advice` what to
  // do.
  EngineError(ErrorClass error_class, std::string code, const std::string& message,
              std::string advice)
      : std::runtime_error(message),
        class_(error_class),
        code_(std::move(code)),
        advice_(std::move(advice)) {}

  ErrorClass error_class() const { return class_; }
  const std::string& code() const { return code_; }
  const std::string& advice() const { return advice_; }
  // "USER", "TASK" or "STORAGE", as events write it.
  const char* class_name() const {
    return class_ == ErrorClass::kUser ? "USER" : class_ == ErrorClass::kTask ? "TASK" : "STORAGE";
  }

 private:
  ErrorClass class_;
  std::string code_;
  std::string advice_;
};

}  // namespace makeover::engine
