#include "worker/engine_event.h"

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/engine/json.h"

namespace makeover {
namespace {

using Kind = EngineEvent::Kind;

Kind KindOf(std::string_view name) {
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"start", Kind::kStart},
      {"progress", Kind::kProgress},
      {"metrics", Kind::kMetrics},
      {"sample", Kind::kSample},
      {"checkpoint", Kind::kCheckpoint},
      {"quarantine", Kind::kQuarantine},
      {"file", Kind::kFile},
      {"request_done", Kind::kRequestDone},
      {"prepared", Kind::kPrepared},
      {"evaluation", Kind::kEvaluation},
      {"stopped", Kind::kStopped},
      {"error", Kind::kError},
      {"done", Kind::kDone},
  };
  for (const auto& [word, kind] : kKinds) {
    if (word == name) return kind;
  }
  return Kind::kOther;
}

std::map<std::string, double> Values(const Json& json) {
  std::map<std::string, double> values;
  const Json* object = json.Find("values");
  if (object == nullptr || !object->is_object()) return values;
  for (const auto& [key, value] : object->AsObject()) {
    if (value.is_number()) values[key] = value.AsNumber();
  }
  return values;
}

uint32_t CountOf(Kind kind, const Json& json) {
  const Json* figures = json.Find("figures");
  if (kind == Kind::kPrepared) return static_cast<uint32_t>(json.Integer("rows"));
  if (kind == Kind::kDone) return static_cast<uint32_t>(json.Integer("pictures"));
  if (kind != Kind::kEvaluation || figures == nullptr || !figures->is_object()) return 0;
  return static_cast<uint32_t>(figures->Integer("sourceFaces"));
}

// The line of the manifest, in the order that its readers know.
std::string ManifestLine(const Json& json) {
  Json line;
  for (const char* key : {"file", "status", "reason", "faces", "seconds"}) {
    if (const Json* value = json.Find(key); value != nullptr) line.Set(key, *value);
  }
  return line.Write();
}

// A request is a string, but a person who tries it by hand may write a number.
std::string RequestOf(const Json& json) {
  const Json* value = json.Find("request");
  if (value == nullptr) return "";
  return value->is_string() ? value->AsString() : value->Write();
}

}  // namespace

absl::StatusOr<EngineEvent> ParseEngineEvent(absl::string_view line) {
  Json json;
  std::string error;
  if (!Json::Parse(std::string_view(line.data(), line.size()), &json, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", error));
  }
  if (json.Text("event").empty()) return absl::InvalidArgumentError("a line without \"event\"");
  EngineEvent event;
  event.kind = KindOf(json.Text("event"));
  event.step = static_cast<uint32_t>(json.Integer("step"));
  event.path = json.Text("path");
  event.done = json.Number("done");
  event.total = json.Number("total");
  event.unit = json.Text("unit");
  event.rate_per_second = json.Number("ratePerSecond");
  event.values = Values(json);
  event.count = CountOf(event.kind, json);
  event.row = static_cast<uint32_t>(json.Integer("row"));
  event.name = json.Text("name");
  event.reason = json.Text("reason");
  event.request = RequestOf(json);
  event.status = json.Text("status");
  event.output = json.Text("output");
  if (event.kind == Kind::kFile) event.manifest_line = ManifestLine(json);
  event.error_class = json.Text("class");
  event.code = json.Text("code");
  event.message = json.Text("message");
  event.advice = json.Text("advice");
  return event;
}

}  // namespace makeover
