#include "coordinator/engine_rules.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "coordinator/errors.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using Rule = v1::EngineSetting;

// As the engine reads numbers: all of the text, without blanks, and never "not a number".
template <typename Number>
bool IsWithin(const Rule& rule, std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  const auto value = static_cast<double>(number);
  return error == std::errc() && read == end && value >= rule.min() && value <= rule.max();
}

template <typename Words>
bool Contains(const Words& words, std::string_view text) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

constexpr std::string_view kTruths[] = {"1", "true", "yes", "on", "0", "false", "no", "off"};

// True for kinds that this coordinator does not know.
bool Takes(const Rule& rule, std::string_view value) {
  if (rule.kind() == "whole") return IsWithin<int64_t>(rule, value);
  if (rule.kind() == "number") return IsWithin<double>(rule, value);
  if (rule.kind() == "truth") return Contains(kTruths, value);
  return rule.words().empty() || Contains(rule.words(), value);
}

absl::Status CheckSetting(const v1::EngineAbilities& engine, const std::string& setting) {
  const size_t equals = std::min(setting.find('='), setting.size());
  const std::string key = setting.substr(0, equals);
  const std::string value = setting.substr(std::min(equals + 1, setting.size()));
  std::vector<std::string> names;
  for (const Rule& rule : engine.settings()) {
    if (rule.name() == key) {
      return Takes(rule, value) ? absl::OkStatus()
                                : errors::BadSettingValue(key, value, rule.values());
    }
    names.push_back(rule.name());
  }
  return errors::NoSuchSetting(key, names);
}

absl::Status CheckBy(const v1::EngineAbilities& engine, const v1::TrainSpec& training) {
  if (!Contains(engine.recipes(), training.recipe())) {
    return errors::NoSuchRecipe(training.recipe(),
                                {engine.recipes().begin(), engine.recipes().end()});
  }
  for (const std::string& setting : training.settings()) {
    MK_RETURN_IF_ERROR(CheckSetting(engine, setting));
  }
  return absl::OkStatus();
}

}  // namespace

void EngineRules::Set(const std::string& worker, const v1::EngineAbilities& abilities) {
  absl::MutexLock lock(&mutex_);
  if (abilities.recipes().empty() || abilities.settings().empty()) {
    engines_.erase(worker);
  } else {
    engines_[worker] = abilities;
  }
}

absl::Status EngineRules::Check(const v1::TrainSpec& training) const {
  absl::MutexLock lock(&mutex_);
  absl::Status refusal;
  for (const auto& [worker, engine] : engines_) {
    absl::Status checked = CheckBy(engine, training);
    if (checked.ok()) return checked;
    refusal.Update(std::move(checked));
  }
  return refusal;
}

}  // namespace makeover
