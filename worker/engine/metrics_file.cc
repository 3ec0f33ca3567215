#include "worker/engine/metrics_file.h"

#include <filesystem>
#include <sstream>

#include "worker/engine/file.h"

namespace makeover::engine {

void MetricsFile::Trim(int64_t step) const {
  if (!std::filesystem::exists(path_)) return;
  std::istringstream lines(ReadFile(path_));
  std::string kept;
  std::string line;
  while (std::getline(lines, line)) {
    Json json;
    std::string error;
    if (!Json::Parse(line, &json, &error) || json.Integer("step", -1) > step) continue;
    if (step > 0) kept += line + "\n";
  }
  WriteFileAtomically(path_, kept);
}

void MetricsFile::Append(int64_t step, const Json& values) const {
  Json line = Json::Object{{"step", step}};
  for (const auto& [key, value] : values.AsObject()) line.Set(key, value);
  AppendToFile(path_, line.Write() + "\n");
}

}  // namespace makeover::engine
