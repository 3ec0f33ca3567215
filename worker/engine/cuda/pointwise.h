// What stands around the convolutions of a network on a CUDA device: kernels that read each tensor
// once and write each once, where LibTorch's operations pass over it for every sum and activation.
#pragma once

#include <cstdint>

#include "worker/engine/cuda/shape.h"

namespace makeover::engine::cuda {

// How a result relates to what is added to it.
enum class Resize {
  kNone,
  kHalf,   // the result is 2x2 means; a last odd line is left out
  kTwice,  // what is added counts for 2x2 places of the result
};

// out = leaky ReLU of x; with kTwice each place as 2x2. `shape` is x's.
void Activate(Type type, Shape shape, const void* x, float slope, Resize resize, void* out,
              Stream stream);

struct Finish {
  Type type = Type::kFloat32;
  Shape shape;                   // of the convolution's result
  const void* conv = nullptr;    // without its bias
  const float* bias = nullptr;   // [channels]
  const void* added = nullptr;   // or none; with kTwice of half the height and width
  const float* scale = nullptr;  // [channels] of `added`, or none
  Resize resize = Resize::kNone;
  void* out = nullptr;  // may be conv but with kHalf
};
// out = conv + bias + scale * added.
void FinishConv(const Finish& work, Stream stream);

struct InputGradient {
  Type type = Type::kFloat32;
  Shape shape;                      // of the convolution's input before it was doubled
  const void* conv = nullptr;       // the gradient of its activated, doubled input
  const void* activated = nullptr;  // that input, whose signs say where the ReLU bends; or none
  float slope = 1;
  const void* gradient = nullptr;  // of the result, where the input was added to it; or none
  Resize resize = Resize::kNone;
  void* out = nullptr;  // may be conv but with kTwice
};
void FinishInputGradient(const InputGradient& work, Stream stream);

// The gradient of 2x2 means: a quarter of the gradient in each of their places, 0 in a last odd
// line. `shape` is out's.
void SpreadQuarters(Type type, Shape shape, const void* gradient, void* out, Stream stream);

// A 1x1 convolution from a few channels of float32: out = weight * x + bias, weight
// [channels, inputs]. `shape` is out's.
void NarrowInputs(Type type, Shape shape, int64_t inputs, const float* x, const float* weight,
                  const float* bias, void* out, Stream stream);

// And to few channels of float32: linear * x + rectified * max(x, 0) + bias, both
// [outputs, channels]. `shape` is x's; outputs <= kNarrowOutputsMax.
constexpr int64_t kNarrowOutputsMax = 4;
void NarrowOutputs(Type type, Shape shape, const void* x, const float* linear,
                   const float* rectified, const float* bias, int64_t outputs, float* out,
                   Stream stream);

// picture + tanh(change's first three) * sigmoid(its fourth): [places, 3] float32 and [places, 4].
void MaskedChange(Type type, int64_t places, const float* picture, const void* change, float* out,
                  Stream stream);

}  // namespace makeover::engine::cuda
