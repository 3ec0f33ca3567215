#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "client/terminal.h"

namespace makeover {

enum class OutputForm { kTable, kWide, kJson, kName };

// The canonical JSON of a message, zeros included, on several lines. Messages in it that are not
// set are null, so that a field that may be there is there.
std::string ToJson(const google::protobuf::Message& message);

// Where a command's result goes: stdout, in the form that the user asked for. What is said about
// the work goes to stderr.
class Output {
 public:
  Output(OutputForm form, const Terminal& out, const Terminal& error)
      : form_(form), out_(out), error_(error) {}

  OutputForm form() const { return form_; }
  const Terminal& error_terminal() const { return error_; }
  Painter painter() const { return Painter(out_.colour, LineColumns()); }
  Painter error_painter() const { return Painter(error_.colour); }

  using Tabulate = std::function<std::string(const Painter& painter, bool wide)>;

  // One result in the form asked for. `names` are the ids alone, a line each.
  void Emit(const google::protobuf::Message& message, const std::vector<std::string>& names,
            const Tabulate& tabulate) const;

  // A line about the work, on stderr.
  void Note(const std::string& sentence) const;
  void Warn(const std::string& sentence) const;

  // The next commands worth trying, on stderr; on a terminal that is too narrow each purpose has a
  // line of its own.
  struct Next {
    std::string command;
    std::string purpose;
  };
  void Hint(const std::vector<Next>& commands) const;

 private:
  // Only on a terminal, and not in the wide form, are lines kept within it.
  int LineColumns() const { return out_.moving && form_ != OutputForm::kWide ? out_.columns : 0; }

  const OutputForm form_;
  const Terminal out_;
  const Terminal error_;
};

// Seconds from a time until now; negative if the time is not set.
double SecondsSince(const google::protobuf::Timestamp& time,
                    std::chrono::system_clock::time_point now);

// "2026-01-31 23:59:59" in local time, or "" if it is not set.
std::string FormatTime(const google::protobuf::Timestamp& time);

}  // namespace makeover
