#include "storage/log.h"

#include <cctype>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/file_io.h"

namespace makeover {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
  }
  return "ERROR";
}

bool IsPlain(absl::string_view value) {
  for (const char c : value) {
    if (std::isgraph(static_cast<unsigned char>(c)) == 0 || c == '"' || c == '\\') return false;
  }
  return !value.empty();
}

}  // namespace

std::string FormatLogLine(int64_t now_ms, absl::string_view program, LogLevel level,
                          absl::string_view message, std::initializer_list<Logger::Field> fields) {
  std::string line = absl::StrCat(
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(now_ms), absl::UTCTimeZone()),
      " ", LevelName(level), " ", program, ": ", absl::Utf8SafeCEscape(message));
  for (const auto& [key, value] : fields) {
    if (IsPlain(value)) {
      absl::StrAppend(&line, " ", key, "=", value);
    } else {
      absl::StrAppend(&line, " ", key, "=\"", absl::Utf8SafeCEscape(value), "\"");
    }
  }
  line += '\n';
  return line;
}

Logger::Logger(std::string program, LogLevel least, int fd, int64_t (*now_ms)())
    : program_(std::move(program)), least_(least), fd_(fd), now_ms_(now_ms) {}

void Logger::Write(LogLevel level, absl::string_view message, std::initializer_list<Field> fields) {
  if (level < least_) return;
  const std::string line = FormatLogLine(now_ms_(), program_, level, message, fields);
  const std::lock_guard<std::mutex> lock(mutex_);
  // There is nowhere to tell that the log itself cannot be written.
  WriteAll(fd_, line, "the log").IgnoreError();
}

int64_t SystemNowMs() { return absl::ToUnixMillis(absl::Now()); }

}  // namespace makeover
