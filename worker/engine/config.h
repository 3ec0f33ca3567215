// A recipe's settings: what `--set key=value` changes and what a checkpoint keeps. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "worker/engine/json.h"
#include "worker/engine/pixel_cache.h"

namespace makeover::engine {

// Defaults are those of recipe `classic`: the first published version of deep-makeover (2017).
struct Config {
  std::string recipe = "classic";

  PixelShape size;              // of the pictures that the networks see; multiples of 4
  std::string window = "auto";  // what part of a photo they are, for whoever cuts it out

  std::string network = "classic";      // or makeover
  int64_t generator_channels = 48;      // of network makeover, at half the picture's size
  int64_t generator_blocks = 3;         // of network makeover, at its lowest level
  int64_t discriminator_channels = 32;  // of network makeover, at half the picture's size
  double chroma_blur = 0;  // of network makeover: of changes of colour, a share of the width

  int64_t seed = 1;                  // of initial weights, order of rows, flips and noise
  int64_t steps = 40000;             // optimiser steps of the whole run, where time_seconds is 0
  double time_seconds = 0;           // above 0: the run ends after so much training time
  int64_t batch_size = 16;           // source pictures, and as many target pictures, per step
  std::string schedule = "halving";  // how the temperature falls; or cosine
  double half_life = 0;         // steps in which the temperature halves; 0: an eighth of the run
  int64_t warm_up = 0;          // steps in which the learning rate rises at the start
  double learning_rate = 2e-4;  // at temperature 1
  double learning_rate_min = 1e-7;
  double discriminator_rate = 1;  // the discriminator's learning rate, as a multiple
  double beta1 = 0.9;             // Adam (Kingma and Ba, 2015)
  double beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double update_clip = 0;  // see Adam::Options::clip; 0: none
  // or hinge (Lim and Ye, 2017) or least_squares (Mao, 2017)
  std::string adversarial = "cross_entropy";
  double gradient_penalty = 0;          // gamma of R1 (Mescheder, 2018); 0: none
  int64_t gradient_penalty_steps = 16;  // R1 every so many steps, so many times as strong
  double identity_weight = 0;           // of |G(target) - target|, beside the other losses
  double hue_weight = 0;                // of colours that changed, their brightness apart
  double cold_weight = 0;               // of places that became bluer or greener than grey
  double purple_weight = 0;             // of places that became purple
  double mirror_weight = 0;             // of |G(mirrored source) - mirrored G(source)|
  // Of an attribute reader's loss for attributes to keep, at temperature 0; 0: none.
  double keep_weight = 0;
  double keep_weight_anneal = 0;  // added to it at temperature 1; at least 0 in all
  double keep_goal = 0;           // of its loss, above which the weight grows; 0: it does not
  // From 0, where a reading's change costs in whatever direction, to 1, where it costs as far as
  // the reading turns over.
  double keep_turnover = 0;
  double aim_weight = 0;              // and for those that the target filter demands
  double pixel_weight = 0.70;         // share of the pixel loss at temperature 0
  double pixel_weight_anneal = 0.25;  // added to it at temperature 1; within [0, 1] in all
  double noise = 0.2;  // deviation of the instance noise at temperature 1, of pictures in [0, 1]
  double augment = 0;  // strength of DiffAugment (Zhao, 2020) before the discriminator; 0: none
  double augment_goal = 0;  // share of guessing's loss, below which it grows; 0: it does not
  // How many times as often as even a picture may be shown, so that sources and targets resemble
  // each other in what shall be kept; 1: all as often.
  double balance = 1;
  bool flip = true;          // mirror pictures left to right at random
  double ema_decay = 0.999;  // of the averaged generator
  double batch_norm_epsilon = 1e-3;
  double batch_norm_momentum = 0.01;  // weight of the newest batch in the running statistics

  int64_t evaluate_steps = 0;   // above 0: steps between evaluations
  double evaluate_seconds = 0;  // above 0: training time between evaluations

  int64_t sample_count = 32;  // source faces kept out of training for the sample picture
  int64_t sample_steps = 200;
  int64_t metrics_steps = 10;
  double checkpoint_seconds = 300;
  int64_t checkpoint_steps = 0;  // above 0: also every so many steps

  std::string precision = "auto";  // or fp32 or bf16; auto: bf16 where the device is fast in it

  // The value of half_life, or what 0 stands for.
  double HalfLife() const;

  // Whether an attribute reader takes part, where there are labels.
  bool UsesReader() const {
    return keep_weight > 0 || keep_weight + keep_weight_anneal > 0 || aim_weight > 0;
  }
};

// The first is the default.
std::vector<std::string> RecipeNames();

// Defaults of a recipe. An unknown name is an EngineError of class USER that names the nearest.
Config RecipeDefaults(std::string_view recipe);

// Sets one member from text. Unknown keys (with the nearest named), values of another type and
// values out of range are EngineErrors of class USER.
void SetSetting(std::string_view key, std::string_view value, Config* config);

// `key=value`, as on the command line.
void ApplySetting(std::string_view assignment, Config* config);

// Every member under its own name, and back. Reading is strict, as SetSetting is. Members that are
// absent, since they are younger than the text, get the value of a plain Config: a setting is added
// with one that changes nothing, and an old run goes on as it was, whatever its recipe became.
Json ConfigToJson(const Config& config);
Config ConfigFromJson(const Json& json);

struct SettingHelp {
  std::string name;
  std::string value;  // as it is written on the command line, of the recipe
  std::string help;
  std::string kind;  // whole, number, truth, word or size
  double min;        // of whole and number
  double max;
  std::vector<std::string> words;  // that a word may be; empty: any
  std::string values;              // the same for people: "a number from 0 to 10"
};
std::vector<SettingHelp> DescribeSettings(std::string_view recipe);

}  // namespace makeover::engine
