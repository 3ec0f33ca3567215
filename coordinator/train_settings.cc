#include "coordinator/train_settings.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "storage/face_window.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using Request = v1::CreateTrainJobRequest;

// A setting that is a field of the request.
struct Own {
  absl::string_view key;
  absl::string_view flag;
  bool (*given)(const Request& request);
  bool (*set)(absl::string_view value, Request& request);  // False: that is no such number.
};

bool SetSteps(absl::string_view value, Request& request) {
  uint32_t steps = 0;
  if (!absl::SimpleAtoi(value, &steps) || steps == 0) return false;
  request.set_steps(steps);
  return true;
}

bool SetTime(absl::string_view value, Request& request) {
  double seconds = 0;
  if (!absl::SimpleAtod(value, &seconds) || !std::isfinite(seconds) || seconds < 0) return false;
  request.set_time_seconds(seconds);
  return true;
}

bool SetBatchSize(absl::string_view value, Request& request) {
  uint32_t size = 0;
  if (!absl::SimpleAtoi(value, &size) || size == 0) return false;
  request.set_batch_size(size);
  return true;
}

bool SetSeed(absl::string_view value, Request& request) {
  uint64_t seed = 0;
  if (!absl::SimpleAtoi(value, &seed)) return false;
  request.set_seed(seed);
  return true;
}

constexpr Own kOwn[] = {
    {"steps", "--steps", [](const Request& r) { return r.steps() > 0; }, SetSteps},
    {"time_seconds", "--time", [](const Request& r) { return r.time_seconds() > 0; }, SetTime},
    {"batch_size", "--batch-size", [](const Request& r) { return r.batch_size() > 0; },
     SetBatchSize},
    {"seed", "--seed", [](const Request& r) { return r.has_seed(); }, SetSeed},
};

absl::string_view KeyOf(absl::string_view setting) { return setting.substr(0, setting.find('=')); }

const Own* FindOwn(absl::string_view setting) {
  if (setting.find('=') == absl::string_view::npos) return nullptr;
  const auto* found = std::find_if(std::begin(kOwn), std::end(kOwn),
                                   [&](const Own& own) { return own.key == KeyOf(setting); });
  return found == std::end(kOwn) ? nullptr : found;
}

bool IsKeyCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

absl::Status CheckSetting(const std::string& setting) {
  const size_t equals = setting.find('=');
  const bool good =
      equals != std::string::npos && equals > 0 && setting.size() <= kSettingBytesMax &&
      std::all_of(setting.begin(), setting.begin() + static_cast<int64_t>(equals), IsKeyCharacter);
  return good ? absl::OkStatus() : errors::BadSetting(setting);
}

}  // namespace

absl::Status AdoptSettings(Request& request) {
  const Request asked = request;
  request.clear_settings();
  for (const std::string& setting : asked.settings()) {
    const Own* own = FindOwn(setting);
    if (own == nullptr) {
      request.add_settings(setting);
      continue;
    }
    if (own->given(asked)) return errors::GivenTwice(own->flag, setting);
    const absl::string_view value = absl::string_view(setting).substr(own->key.size() + 1);
    if (!own->set(value, request)) return errors::BadNumber(own->flag, setting);
  }
  return absl::OkStatus();
}

absl::Status CheckSettings(const Request& request) {
  if (request.settings_size() > kSettingsMax) {
    return errors::TooMany("settings", static_cast<size_t>(request.settings_size()), kSettingsMax);
  }
  for (const std::string& setting : request.settings()) {
    MK_RETURN_IF_ERROR(CheckSetting(setting));
  }
  // The others are the engine's to know (EngineRules), but what the pictures are cut to is also the
  // worker's.
  const Outcome<FaceWindow> window =
      FaceWindowOf({request.settings().begin(), request.settings().end()});
  return window.ok() ? absl::OkStatus() : absl::InvalidArgumentError(window.message());
}

bool AsksForEvaluations(const Request& request) {
  return std::any_of(
      request.settings().begin(), request.settings().end(), [](const std::string& setting) {
        const absl::string_view key = KeyOf(setting);
        double every = 0;
        return (key == "evaluate_steps" || key == "evaluate_seconds") &&
               absl::SimpleAtod(absl::string_view(setting).substr(key.size() + 1), &every) &&
               every > 0;
      });
}

}  // namespace makeover
