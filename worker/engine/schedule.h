// Annealing: one temperature that falls during a run and moves the learning rate, the instance
// noise and the weights of losses with it (deep-makeover, 2017). Pure functions.
#pragma once

#include <cstdint>

#include "worker/engine/config.h"

namespace makeover::engine {

// Where a run stands.
struct Position {
  int64_t step = 0;            // optimiser steps done
  double elapsed_seconds = 0;  // training time, over all restarts
};

// From 0 at the start of the run to 1 at its end.
double Progress(const Config& config, const Position& position);

// 1 at the start. Schedule `halving`: halved at the end of every half-life: of every HalfLife()
// steps, or of every eighth of the time where the run has a time and half_life is 0. Schedule
// `cosine`: half a cosine to 0 at the end of the run (Loshchilov and Hutter, 2017).
double Temperature(const Config& config, const Position& position);

// Of the generator: by temperature, and rising in the first steps where the recipe warms up.
double LearningRate(const Config& config, double temperature, int64_t step);
double PixelWeight(const Config& config, double temperature);
double KeepWeight(const Config& config, double temperature);
double NoiseDeviation(const Config& config, double temperature);

// The averaged generator's decay at a step: ema_decay, less at the start, when there is little to
// average.
double EmaDecay(const Config& config, int64_t step);

// Done by steps or by time.
bool Finished(const Config& config, const Position& position);

}  // namespace makeover::engine
