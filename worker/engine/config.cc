#include "worker/engine/config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <variant>

#include "worker/engine/error.h"
#include "worker/engine/words.h"

namespace makeover::engine {
namespace {

using Member = std::variant<int64_t Config::*, double Config::*, bool Config::*,
                            std::string Config::*, PixelShape Config::*>;
enum MemberKind { kWhole, kReal, kTruth, kWord, kShape };
constexpr const char* kKindWords[] = {"whole", "number", "truth", "word", "size"};

struct Setting {
  const char* name;
  Member member;
  double min;
  double max;
  const char* help;
  std::vector<std::string> words = {};  // that a word may be; empty: any
};

std::vector<Setting> PictureSettings() {
  return {
      {"size", &Config::size, 40, 256, "width x height of what the networks see, multiples of 4"},
      {"window", &Config::window, 0, 0,
       "its part of the aligned 178x218 frame: X,Y,WxH, full or auto"},
  };
}

std::vector<Setting> NetworkSettings() {
  return {
      {"network", &Config::network, 0, 0, "the two networks", {"classic", "makeover"}},
      {"generator_channels", &Config::generator_channels, 8, 1024,
       "of network makeover at half the picture's size"},
      {"generator_blocks", &Config::generator_blocks, 1, 64,
       "residual blocks of network makeover at its lowest level"},
      {"discriminator_channels", &Config::discriminator_channels, 8, 1024,
       "of network makeover at half the picture's size"},
      {"chroma_blur", &Config::chroma_blur, 0, 0.2,
       "of network makeover: deviation of the blur of changes of colour, a share of the picture's "
       "width; 0: none"},
  };
}

std::vector<Setting> OptimiserSettings() {
  return {
      {"seed", &Config::seed, 0, 9e15, "of initial weights, order of pictures, flips and noise"},
      {"steps", &Config::steps, 0, 1e9,
       "optimiser steps of the whole run, unless time_seconds ends it"},
      {"time_seconds", &Config::time_seconds, 0, 1e8,
       "above 0: ends the run after so much training time"},
      {"batch_size", &Config::batch_size, 2, 4096,
       "source pictures, and as many target pictures, per step"},
      {"schedule", &Config::schedule, 0, 0, "how the temperature falls", {"halving", "cosine"}},
      {"half_life", &Config::half_life, 0, 1e9,
       "steps in which the temperature halves; 0: an eighth of the run"},
      {"learning_rate", &Config::learning_rate, 0, 1, "of both networks at temperature 1"},
      {"learning_rate_min", &Config::learning_rate_min, 0, 1,
       "where the annealing of the rate ends"},
      {"discriminator_rate", &Config::discriminator_rate, 0, 100,
       "the discriminator's learning rate, as a multiple of the generator's"},
      {"warm_up", &Config::warm_up, 0, 1e9, "steps in which the learning rate rises at the start"},
      {"beta1", &Config::beta1, 0, 0.9999999, "of Adam"},
      {"beta2", &Config::beta2, 0, 0.9999999, "of Adam"},
      {"adam_epsilon", &Config::adam_epsilon, 1e-12, 1, "of Adam"},
      {"update_clip", &Config::update_clip, 0, 1000,
       "a gradient of more than so many of Adam's deviations, in root mean square, is shortened; "
       "0: none"},
  };
}

std::vector<Setting> LossSettings() {
  return {
      {"adversarial",
       &Config::adversarial,
       0,
       0,
       "the adversarial loss",
       {"cross_entropy", "hinge", "least_squares"}},
      {"gradient_penalty", &Config::gradient_penalty, 0, 1e6,
       "gamma of the discriminator's R1 penalty; 0: none"},
      {"gradient_penalty_steps", &Config::gradient_penalty_steps, 1, 1e6,
       "steps between two such penalties"},
      {"identity_weight", &Config::identity_weight, 0, 1000,
       "of the loss that keeps target faces as they are"},
      {"hue_weight", &Config::hue_weight, 0, 1000,
       "of the loss that keeps the colours of places, their brightness apart"},
      {"cold_weight", &Config::cold_weight, 0, 1000,
       "of the loss against places bluer or greener than grey, than they were and than targets "
       "are"},
      {"purple_weight", &Config::purple_weight, 0, 1000,
       "of the loss against places more purple than they were and than targets are"},
      {"mirror_weight", &Config::mirror_weight, 0, 1000,
       "of the loss that makes mirrored faces' results mirrored results"},
      {"keep_weight", &Config::keep_weight, 0, 1000,
       "of the loss that keeps smiles, age, hair and the like as they are, at temperature 0"},
      {"keep_weight_anneal", &Config::keep_weight_anneal, -1000, 1000,
       "added to keep_weight at temperature 1"},
      {"keep_goal", &Config::keep_goal, 0, 1,
       "above 0: while a larger share of these readings turns over, the weight grows, to its "
       "fourfold at most"},
      {"keep_turnover", &Config::keep_turnover, 0, 1,
       "1: what is kept costs as far as it reads otherwise; 0: however its reading changes"},
      {"aim_weight", &Config::aim_weight, 0, 1000,
       "of the loss that makes results read as the target filter says; 0: none"},
      {"pixel_weight", &Config::pixel_weight, 0, 1, "share of the pixel loss at temperature 0"},
      {"pixel_weight_anneal", &Config::pixel_weight_anneal, -1, 1,
       "added to pixel_weight at temperature 1"},
      {"noise", &Config::noise, 0, 10, "deviation of the instance noise at temperature 1"},
      {"augment", &Config::augment, 0, 1,
       "strength of what is done to pictures before the discriminator; 0: nothing"},
      {"augment_goal", &Config::augment_goal, 0, 1,
       "above 0: while the discriminator's loss is a smaller share of that of guessing, the "
       "strength grows, to 1 at most"},
      {"balance", &Config::balance, 1, 1000,
       "most showings of a face, so that the families are alike in what is kept; 1: even"},
      {"flip", &Config::flip, 0, 1, "mirror pictures at random"},
  };
}

std::vector<Setting> RunSettings() {
  return {
      {"ema_decay", &Config::ema_decay, 0, 1, "of the averaged generator"},
      {"batch_norm_epsilon", &Config::batch_norm_epsilon, 1e-8, 1, "added to the variance"},
      {"batch_norm_momentum", &Config::batch_norm_momentum, 0, 1,
       "weight of the newest batch in running statistics"},
      {"evaluate_steps", &Config::evaluate_steps, 0, 1e9,
       "above 0: an evaluation every so many steps"},
      {"evaluate_seconds", &Config::evaluate_seconds, 0, 1e8,
       "above 0: an evaluation after so much training time"},
      {"sample_count", &Config::sample_count, 1, 1024,
       "faces of the sample picture, kept out of training"},
      {"sample_steps", &Config::sample_steps, 1, 1e9, "steps between sample pictures"},
      {"metrics_steps", &Config::metrics_steps, 1, 1e9, "steps between lines of metrics"},
      {"checkpoint_seconds", &Config::checkpoint_seconds, 1, 1e9,
       "training time between checkpoints"},
      {"checkpoint_steps", &Config::checkpoint_steps, 0, 1e9,
       "above 0: a checkpoint every so many steps too"},
      {"precision",
       &Config::precision,
       0,
       0,
       "in which convolutions compute",
       {"auto", "fp32", "bf16"}},
  };
}

std::vector<Setting> AllSettings() {
  std::vector<Setting> all;
  for (const auto& part :
       {PictureSettings(), NetworkSettings(), OptimiserSettings(), LossSettings(), RunSettings()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = AllSettings();
  return settings;
}

[[noreturn]] void Refuse(const std::string& code, const std::string& message,
                         const std::string& advice) {
  throw EngineError(ErrorClass::kUser, code, message, advice);
}

const Setting& FindSetting(std::string_view key) {
  std::vector<std::string> names;
  for (const Setting& setting : Settings()) {
    if (key == setting.name) return setting;
    names.emplace_back(setting.name);
  }
  Refuse("unknown_setting",
         "There is no setting '" + std::string(key) + "'." + DidYouMean(key, names),
         "`mkengine train --help` lists the settings.");
}

// Settings of earlier versions that were tried and dropped. A training that had one goes on
// without.
bool IsRetired(std::string_view key) { return key == "mirror_light"; }

template <typename Number>
bool ParseNumber(std::string_view text, Number* out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *out);
  return result.ec == std::errc() && result.ptr == end;
}

bool ParseBool(std::string_view text, bool* out) {
  *out = text == "1" || text == "true" || text == "yes" || text == "on";
  return *out || text == "0" || text == "false" || text == "no" || text == "off";
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return text;
}

bool ParseWord(const Setting& setting, std::string_view text, std::string* out) {
  *out = text;
  return setting.words.empty() ||
         std::find(setting.words.begin(), setting.words.end(), text) != setting.words.end();
}

bool ParseShape(const Setting& setting, std::string_view text, PixelShape* out) {
  const size_t middle = text.find('x');
  if (middle == std::string_view::npos || !ParseNumber(text.substr(0, middle), &out->width) ||
      !ParseNumber(text.substr(middle + 1), &out->height)) {
    return false;
  }
  const auto [least, most] = std::minmax(out->width, out->height);
  return static_cast<double>(least) >= setting.min && static_cast<double>(most) <= setting.max &&
         least % 4 == 0 && most % 4 == 0;
}

std::string ShapeText(PixelShape shape) {
  return std::to_string(shape.width) + "x" + std::to_string(shape.height);
}

std::string Plain(double value) { return Json(value).Write(); }

std::string KindOf(const Setting& setting) {
  if (setting.member.index() == kTruth) return "true or false";
  if (setting.member.index() == kWord) return Joined(setting.words);
  // What a face can be cut to: a bound of its own for each side.
  if (setting.member.index() == kShape)
    return "WxH, as in 80x100, both multiples of 4 from 40x48 to 256x256";
  return std::string(setting.member.index() == kWhole ? "a whole number" : "a number") + " from " +
         Plain(setting.min) + " to " + Plain(setting.max);
}

[[noreturn]] void RefuseValue(const Setting& setting, std::string_view value) {
  Refuse("bad_setting",
         "The setting " + std::string(setting.name) + " cannot be '" + std::string(value) + "'.",
         "Give it " + KindOf(setting) + ".");
}

template <typename Value>
bool ParseWithin(const Setting& setting, std::string_view text, Value* out) {
  if constexpr (std::is_same_v<Value, std::string>) {
    return ParseWord(setting, text, out);
  } else if constexpr (std::is_same_v<Value, PixelShape>) {
    return ParseShape(setting, text, out);
  } else if constexpr (std::is_same_v<Value, bool>) {
    return ParseBool(text, out);
  } else {
    return ParseNumber(text, out) && static_cast<double>(*out) >= setting.min &&
           static_cast<double>(*out) <= setting.max;
  }
}

Config Makeover() {
  Config config;
  config.recipe = "makeover";
  config.network = "makeover";
  config.chroma_blur = 0.0175;
  config.schedule = "cosine";
  config.adversarial = "hinge";
  config.gradient_penalty = 1;
  config.identity_weight = 1;
  config.hue_weight = 3;
  config.cold_weight = 30;
  config.purple_weight = 15;
  config.mirror_weight = 1;
  config.noise = 0;
  config.augment = 0.4;
  config.augment_goal = 0.5;
  config.warm_up = 100;
  config.beta1 = 0.5;
  config.update_clip = 2;
  config.learning_rate = 1e-3;
  config.pixel_weight = 0.3;
  config.balance = 4;
  config.keep_weight = 14;
  config.keep_goal = 0.031;
  config.keep_turnover = 1;
  config.aim_weight = 2;
  config.pixel_weight_anneal = 0;
  return config;
}

Json ValueOf(const Setting& setting, const Config& config) {
  return std::visit(
      [&](auto member) {
        if constexpr (std::is_same_v<decltype(member), PixelShape Config::*>) {
          return Json(ShapeText(config.*member));
        } else {
          return Json(config.*member);
        }
      },
      setting.member);
}

}  // namespace

double Config::HalfLife() const {
  constexpr double kHalvings = 8;  // 5,000 of the 40,000 batches that deep-makeover advises
  return half_life > 0 ? half_life : static_cast<double>(steps) / kHalvings;
}

std::vector<std::string> RecipeNames() { return {"makeover", "classic"}; }

Config RecipeDefaults(std::string_view recipe) {
  if (recipe == "classic") return Config();
  if (recipe == "makeover") return Makeover();
  Refuse("unknown_recipe",
         "There is no recipe '" + std::string(recipe) + "'." + DidYouMean(recipe, RecipeNames()),
         "The recipes are: makeover, classic.");
}

void SetSetting(std::string_view key, std::string_view value, Config* config) {
  const Setting& setting = FindSetting(key);
  std::visit(
      [&](auto member) {
        std::remove_reference_t<decltype(config->*member)> parsed{};
        if (!ParseWithin(setting, value, &parsed)) RefuseValue(setting, value);
        config->*member = parsed;
      },
      setting.member);
}

void ApplySetting(std::string_view assignment, Config* config) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    Refuse("bad_setting", "'" + std::string(assignment) + "' is no setting.",
           "Write key=value, as in --set noise=0.1.");
  }
  SetSetting(assignment.substr(0, equals), assignment.substr(equals + 1), config);
}

Json ConfigToJson(const Config& config) {
  Json json;
  json.Set("recipe", config.recipe);
  for (const Setting& setting : Settings()) json.Set(setting.name, ValueOf(setting, config));
  return json;
}

Config ConfigFromJson(const Json& json) {
  if (!json.is_object())
    Refuse("bad_config", "The stored configuration is no JSON object.", "The file is damaged.");
  Config config;
  config.recipe = RecipeDefaults(json.Text("recipe")).recipe;
  for (const auto& [key, value] : json.AsObject()) {
    if (key == "recipe" || IsRetired(key)) continue;
    SetSetting(key, value.is_string() ? value.AsString() : value.Write(), &config);
  }
  return config;
}

std::vector<SettingHelp> DescribeSettings(std::string_view recipe) {
  const Config defaults = RecipeDefaults(recipe);
  std::vector<SettingHelp> lines;
  for (const Setting& setting : Settings()) {
    const Json value = ValueOf(setting, defaults);
    const std::string words = setting.words.empty() ? "" : ": " + Joined(setting.words);
    lines.push_back({setting.name, value.is_string() ? value.AsString() : value.Write(),
                     setting.help + words, kKindWords[setting.member.index()], setting.min,
                     setting.max, setting.words, KindOf(setting)});
  }
  return lines;
}

}  // namespace makeover::engine
