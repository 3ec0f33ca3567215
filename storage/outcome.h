#pragma once

#include <optional>
#include <string>
#include <utility>

namespace makeover {

// Why something could not be done: a whole sentence for the user (what, why, what to do).
struct Problem {
  std::string message;
};

// A value or a Problem, for code that has the standard library alone (the engine links it). Code
// with Abseil uses absl::StatusOr. Not thread-safe.
template <typename T>
class Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}                      // NOLINT: implicit
  Outcome(Problem problem) : message_(std::move(problem.message)) {}  // NOLINT: implicit

  bool ok() const { return value_.has_value(); }

  // REQUIRES: ok().
  const T& operator*() const& { return *value_; }
  T& operator*() & { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  const T* operator->() const { return &*value_; }
  T* operator->() { return &*value_; }

  // Empty if ok().
  const std::string& message() const { return message_; }
  Problem problem() const { return Problem{message_}; }

 private:
  std::optional<T> value_;
  std::string message_;
};

}  // namespace makeover
