#include "worker/mkengine/events.h"

#include <cstdio>

namespace makeover {
namespace {

std::string MetricsText(const Json& event) {
  const Json values = *event.Find("values");
  char text[256];
  std::snprintf(
      text, sizeof text, "step %lld: generator %.4f, discriminator %.4f, pixel %.4f, %.1f images/s",
      static_cast<long long>(event.Integer("step")), values.Number("generator"),
      values.Number("discriminator"), values.Number("pixel"), values.Number("imagesPerSecond"));
  return text;
}

std::string FileText(const Json& event) {
  const std::string reason = event.Text("reason");
  return event.Text("file") + ": " + event.Text("status") +
         (reason.empty() ? "" : " (" + reason + ")");
}

std::string ProgressText(const Json& event) {
  char text[128];
  std::snprintf(text, sizeof text, "%lld of %lld %s, %.1f/s",
                static_cast<long long>(event.Integer("done")),
                static_cast<long long>(event.Integer("total")), event.Text("unit").c_str(),
                event.Number("ratePerSecond"));
  return text;
}

// What `done` counts: "converted 10, failed 1".
std::string DoneText(const Json& event) {
  std::string text = "done:";
  for (const auto& [key, value] : event.AsObject()) {
    if (key != "event") text += (text.back() == ':' ? " " : ", ") + key + " " + value.Write();
  }
  return text;
}

std::string StoppedText(const Json& event) {
  if (event.Find("step") == nullptr) return "stopped, everything is saved";
  const int64_t step = event.Integer("step");
  return step > 0 ? "stopped: step " + std::to_string(step) + " is saved, --resume goes on there"
                  : "stopped, with no step saved to go on from";
}

// Empty: nothing that a person has to read.
std::string Words(const std::string& kind, const Json& event) {
  if (kind == "metrics") return MetricsText(event);
  if (kind == "sample" || kind == "checkpoint" || kind == "prepared")
    return kind + ": " + event.Text("path");
  if (kind == "quarantine") return event.Text("name") + ": left out, " + event.Text("reason");
  if (kind == "file") return event.Text("status") == "failed" ? FileText(event) : "";
  if (kind == "rollback") {
    return event.Text("reason") + " Back to step " + std::to_string(event.Integer("step")) +
           ", with half the learning rate.";
  }
  if (kind == "stopped") return StoppedText(event);
  if (kind == "done") return DoneText(event);
  if (kind == "start" && event.Find("device") != nullptr) {
    return event.Text("command") + " on " + event.Text("device") + " in " +
           event.Text("precision") + " with " + std::to_string(event.Integer("threads")) +
           " threads";
  }
  return "";
}

}  // namespace

void Events::Emit(const Json& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (json_) {
    const std::string line = event.Write() + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  Print(event);
  std::fflush(stdout);
}

void Events::Print(const Json& event) const {
  const std::string kind = event.Text("event");
  if (kind == "error") {
    std::fprintf(stderr, "mkengine: %s %s\n", event.Text("message").c_str(),
                 event.Text("advice").c_str());
  } else if (kind == "progress") {
    const bool shown = !json_ && event.Text("unit") != "steps";
    if (shown) std::fprintf(stderr, "%s\n", ProgressText(event).c_str());
  } else if (const std::string words = Words(kind, event); !words.empty()) {
    std::fprintf(words_to_, "%s\n", words.c_str());
  }
}

void Events::Error(const engine::EngineError& error, const std::string& request) {
  Json event = Json::Object{{"event", "error"},
                            {"class", error.class_name()},
                            {"code", error.code()},
                            {"message", error.what()},
                            {"advice", error.advice()}};
  if (!request.empty()) event.Set("request", request);
  Emit(event);
}

}  // namespace makeover
