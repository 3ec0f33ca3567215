#include "client/output.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

void Print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

// The message's own fields that are messages and not set, as members of its JSON object.
std::string UnsetAsNull(const google::protobuf::Message& message) {
  std::string members;
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type.field(i);
    const bool is_message = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    if (!is_message || field->is_repeated() || field->containing_oneof() != nullptr) continue;
    if (message.GetReflection()->HasField(message, field)) continue;
    absl::StrAppend(&members, ",\n \"", field->json_name(), "\": null");
  }
  return members;
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only for messages with an Any of an unknown type: we have none.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  const std::string unset = UnsetAsNull(message);
  // Behind the last of the members that are there; every message of ours has some.
  const size_t end = json.rfind("\n}");
  if (end != std::string::npos) json.insert(end, unset);
  return json;
}

void Output::Emit(const google::protobuf::Message& message, const std::vector<std::string>& names,
                  const Tabulate& tabulate) const {
  std::string text;
  switch (form_) {
    case OutputForm::kJson:
      text = ToJson(message);
      break;
    case OutputForm::kName:
      for (const std::string& name : names) absl::StrAppend(&text, name, "\n");
      break;
    case OutputForm::kTable:
    case OutputForm::kWide:
      text = tabulate(painter(), form_ == OutputForm::kWide);
      break;
  }
  Print(stdout, text);
}

void Output::Note(const std::string& sentence) const { Print(stderr, Harmless(sentence) + "\n"); }

void Output::Warn(const std::string& sentence) const {
  Print(stderr, absl::StrCat(error_painter().Yellow("warning:"), " ", Harmless(sentence), "\n"));
}

void Output::Hint(const std::vector<Next>& commands) const {
  int width = 0;
  int purpose_width = 0;
  for (const Next& next : commands) {
    width = std::max(width, DisplayWidth(next.command));
    purpose_width = std::max(purpose_width, DisplayWidth(next.purpose));
  }
  constexpr int kSigns = 7;  // "  " before, "   # " between
  const bool fits = !error_.moving || width + purpose_width + kSigns <= error_.columns;
  std::string text = absl::StrCat(error_painter().Dim("Next:"), "\n");
  for (const Next& next : commands) {
    const std::string command = error_painter().Bold(next.command);
    const std::string purpose = error_painter().Dim("# " + next.purpose);
    if (fits) {
      const std::string padding(static_cast<size_t>(width - DisplayWidth(next.command) + 3), ' ');
      absl::StrAppend(&text, "  ", command, padding, purpose, "\n");
    } else {
      absl::StrAppend(&text, "  ", purpose, "\n  ", command, "\n");
    }
  }
  Print(stderr, text);
}

double SecondsSince(const google::protobuf::Timestamp& time,
                    std::chrono::system_clock::time_point now) {
  if (time.seconds() == 0 && time.nanos() == 0) return -1;
  const double then = static_cast<double>(time.seconds()) + time.nanos() * 1e-9;
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count() - then;
  return std::max(0.0, seconds);
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  const std::time_t seconds = time.seconds();
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

}  // namespace makeover
