#include "worker/engine/schedule.h"

#include <algorithm>
#include <cmath>

namespace makeover::engine {

double Progress(const Config& config, const Position& position) {
  const double done = config.time_seconds > 0
                          ? position.elapsed_seconds / config.time_seconds
                          : static_cast<double>(position.step) /
                                static_cast<double>(std::max<int64_t>(1, config.steps));
  return std::clamp(done, 0.0, 1.0);
}

double Temperature(const Config& config, const Position& position) {
  if (config.schedule == "cosine") {
    return 0.5 * (1 + std::cos(std::acos(-1.0) * Progress(config, position)));
  }
  const bool by_time = config.time_seconds > 0 && config.half_life == 0;
  const double halvings = by_time ? 8 * position.elapsed_seconds / config.time_seconds
                                  : static_cast<double>(position.step) / config.HalfLife();
  return std::exp2(-std::floor(halvings));
}

double LearningRate(const Config& config, double temperature, int64_t step) {
  const double rate = std::max(config.learning_rate * temperature, config.learning_rate_min);
  return step < config.warm_up
             ? rate * static_cast<double>(step + 1) / static_cast<double>(config.warm_up)
             : rate;
}

double PixelWeight(const Config& config, double temperature) {
  return std::clamp(config.pixel_weight + config.pixel_weight_anneal * temperature, 0.0, 1.0);
}

double KeepWeight(const Config& config, double temperature) {
  return std::max(config.keep_weight + config.keep_weight_anneal * temperature, 0.0);
}

double NoiseDeviation(const Config& config, double temperature) {
  return config.noise * temperature;
}

double EmaDecay(const Config& config, int64_t step) {
  const auto done = static_cast<double>(step);
  return std::min(config.ema_decay, (1 + done) / (10 + done));
}

bool Finished(const Config& config, const Position& position) {
  if (config.time_seconds > 0) return position.elapsed_seconds >= config.time_seconds;
  return position.step >= config.steps;
}

}  // namespace makeover::engine
