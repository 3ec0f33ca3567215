#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace makeover {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Writes one line per message: `2026-01-31T23:59:59.123Z INFO coordinator: job started job=7
// worker="box 1"`. Thread-safe; a line is never torn. A value with blanks, quotes or control
// characters is quoted, so that a name from outside cannot forge a line.
class Logger {
 public:
  using Field = std::pair<absl::string_view, std::string>;

  // `fd`: where the lines go; it stays the caller's. `now_ms`: milliseconds since 1970, asked for
  // each line.
  Logger(std::string program, LogLevel least, int fd, int64_t (*now_ms)());

  void Write(LogLevel level, absl::string_view message, std::initializer_list<Field> fields = {});

  void Debug(absl::string_view message, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(absl::string_view message, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warning(absl::string_view message, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kWarning, message, fields);
  }
  void Error(absl::string_view message, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

 private:
  const std::string program_;
  const LogLevel least_;
  const int fd_;
  int64_t (*const now_ms_)();
  std::mutex mutex_;  // one line at a time
};

// Milliseconds since 1970 by the system's clock: what a main gives to its Logger.
int64_t SystemNowMs();

// One line as Logger writes it, with its line feed.
std::string FormatLogLine(int64_t now_ms, absl::string_view program, LogLevel level,
                          absl::string_view message, std::initializer_list<Logger::Field> fields);

}  // namespace makeover
