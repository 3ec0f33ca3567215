// One training: both networks, their optimisers, the averaged generator, and the step that moves
// them.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worker/engine/attribute_reader.h"
#include "worker/engine/best.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/growth.h"
#include "worker/engine/health.h"
#include "worker/engine/networks.h"
#include "worker/engine/optimiser.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/replay.h"
#include "worker/engine/sampler.h"
#include "worker/engine/schedule.h"
#include "worker/engine/step_inputs.h"
#include "worker/engine/training_rows.h"

namespace makeover::engine {

// What one step saw. Losses are scalars that may still be computed on the device, and hold until
// the next step; hue, cold, purple, identity, mirror, penalty, those of the attribute reader (kept
// and aimed ones of results, and the factor of the former's weight; of real faces) and the factor
// of the augmentation's strength are undefined where the recipe has none or the step computed none.
struct StepValues {
  torch::Tensor generator, discriminator, adversarial, pixel, hue, cold, purple, identity, mirror,
      penalty, kept, keep_growth, aimed, reader, augment_growth;
  double temperature = 0;
  double learning_rate = 0;

  std::vector<torch::Tensor*> Tensors() {
    return {&generator, &discriminator, &adversarial, &pixel,  &hue,
            &cold,      &purple,        &identity,    &mirror, &penalty,
            &kept,      &keep_growth,   &aimed,       &reader, &augment_growth};
  }
};

// What a checkpoint says beside the state.
struct CheckpointAbout {
  std::string dataset;  // digest; "" where unknown
  std::string source;   // filters; "" where unknown
  std::string target;
  std::optional<Standing> best;  // among the evaluations so far
  HealthWatch::Seen seen;
};

// The best evaluation that a checkpoint knows of.
std::optional<Standing> BestOf(const CheckpointReader& checkpoint);
HealthWatch::Seen SeenOf(const CheckpointReader& checkpoint);

// A copy of a training's whole state in memory.
struct Snapshot {
  std::vector<torch::Tensor> tensors;
  std::vector<int64_t> counts;  // of the optimisers' steps and the pictures drawn
  Position position;
};

// Not thread-safe. On processors of one kind, in float32 and with as many threads, equal state and
// rows give equal bits after each step.
class Trainer {
 public:
  using GraphMaker = std::function<std::unique_ptr<DeviceGraph>(const c10::Device&)>;

  // REQUIRES: the cache outlives the trainer and has pictures of config.size; both lists of rows
  // are not empty.
  Trainer(const Config& config, const Compute& compute, const PixelCache& cache,
          const TrainingRows& rows, GraphMaker make_graph = MakeDeviceGraph);

  // One step of both networks. On a GPU, after the first few of a kind, replayed as one graph.
  StepValues Step(const Position& position);

  // The averaged generator's result in inference mode: [N, 3, H, W] in and out, on the device.
  torch::Tensor Result(const torch::Tensor& pictures);

  void Save(const std::string& path, const Position& position, const CheckpointAbout& about) const;
  // Returns where the checkpoint stands.
  Position Load(const CheckpointReader& checkpoint);

  Snapshot Copy(const Position& position) const;
  // Returns where the copy stood.
  Position Restore(const Snapshot& snapshot);

  // A factor for the learning rate of both networks; part of the state.
  double rate_scale() const { return rate_scale_; }
  void set_rate_scale(double scale) { rate_scale_ = scale; }

  // False where any weight is infinite or not a number.
  bool Healthy() const;

  const torch::Device& device() const { return device_; }
  // Whether the last step was a graph's.
  bool by_graph() const { return by_graph_; }

 private:
  // The pictures of one step and what the networks make of them.
  struct Pass {
    torch::Tensor source, target;  // [N, 3, H, W]
    torch::Tensor result;          // of the source
    torch::Tensor of_target;       // of the first targets, where the recipe has an identity loss
    // Of the first sources mirrored, where it has a mirror loss.
    torch::Tensor mirrored;
    torch::Tensor seen_target;  // by the discriminator, as real
    torch::Tensor fake, real;   // logits
  };
  // Counts faces and steps, and draws what the step needs.
  StepInputs Draw(const Position& position, double temperature, double learning_rate);
  torch::Tensor Rates(const Position& position, double temperature, double learning_rate);
  // The step itself: reads and changes nothing else but the state.
  StepValues Run(const StepInputs& inputs);
  Pass Forward(const StepInputs& inputs);
  void Generate(Pass* pass);
  StepValues Losses(const Pass& pass, const StepInputs& inputs) const;
  void AddReading(const Pass& pass, const StepInputs& inputs, StepValues* values) const;
  torch::Tensor KeepWeightOf(const StepInputs& inputs) const;
  Augmentation StrengthOf(const Augmentation& drawn) const;
  void Grow(const StepInputs& inputs, StepValues* values);
  // The penalty's gradient with respect to the discriminator's weights, and the penalty itself.
  std::pair<torch::Tensor, torch::Tensor> Penalty(const torch::Tensor& seen);
  bool PenaltyDue(const Position& position) const;
  Augmentation DrawSeen(const torch::Tensor& like, const Position& position, uint64_t side) const;
  torch::Tensor Noise(const torch::Tensor& like, const Position& position, double deviation) const;
  void UpdateAverage(const torch::Tensor& weight);
  Replay& ReplayOf(int kind);
  NamedTensors State() const;
  NamedTensors Growths() const;
  NamedTensors StateWithReader() const;  // where there is one, and growths

  Config config_;
  torch::Device device_;
  const PixelCache& cache_;
  Sampler source_;
  Sampler target_;
  FaceLabels labels_;
  std::shared_ptr<Generator> generator_;
  std::shared_ptr<Generator> average_;
  std::shared_ptr<Discriminator> discriminator_;
  FlatParameters generator_weights_;
  FlatParameters average_weights_;
  FlatParameters discriminator_weights_;
  Adam generator_adam_;
  Adam discriminator_adam_;
  std::unique_ptr<AttributeReader> reader_;  // or nothing
  std::unique_ptr<Growth> keep_growth_;      // of its weight, or nothing
  std::unique_ptr<Growth> augment_growth_;   // of its strength, or nothing
  GraphMaker make_graph_;
  std::map<int, Replay> replays_;  // by kind of step
  bool by_graph_ = false;
  double rate_scale_ = 1;
};

}  // namespace makeover::engine
