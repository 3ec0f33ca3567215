// What stands around the convolutions of a network on a CUDA device: kernels that read each tensor
// once and write each once, where LibTorch's operations pass over it for every sum and activation.
// Through CUDA's runtime alone, without LibTorch's headers.
//
// Pictures are [count, height, width, channels] without gaps. All pointers are of the current
// device; floats are float32. Sums are float32 at least. Vectors of channels are read at once where
// channels is a multiple of 8: then pictures must be aligned to 16 bytes. Every function queues its
// work on the stream and throws std::runtime_error where that is refused.
#pragma once

#include <cstdint>

namespace makeover::engine::cuda {

enum class Type { kFloat32, kBfloat16 };

struct Shape {
  int64_t count = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t places() const { return count * height * width; }
  int64_t values() const { return places() * channels; }
};

// A cudaStream_t.
using Stream = void*;

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

// How many partial sums of both kinds AddMoments and AddProducts write for such pictures.
int64_t PartialSums(Shape shape);
// Sums over places, in parts: partials[part][0][channel] of x - shift and [1] of its square, where
// shift is x at the first place.
void AddMoments(Type type, Shape shape, const void* x, float* partials, Stream stream);
// Of g and of g * (y - shift), shift: [channels]. y may be none: then [1] is 0.
void AddProducts(Type type, Shape shape, const void* g, const void* y, const float* shift,
                 float* partials, Stream stream);
// out[channel] = the sum of [0] over parts.
void AddParts(Shape shape, const float* partials, float* out, Stream stream);

struct Norm {
  Type type = Type::kFloat32;
  Shape shape;
  const void* x = nullptr;
  const float* partials = nullptr;  // of AddMoments
  const float* bias = nullptr;
  double epsilon = 0;
  double momentum = 0;  // weight of this batch in the running statistics
  double copies = 1;    // places that each one stands for in the variance's n / (n - 1)
  float* running_mean = nullptr;
  float* running_variance = nullptr;
  float* scale = nullptr;   // out: 1 / deviation
  float* offset = nullptr;  // out: bias - mean / deviation
};
// Statistics of a batch: moves the running ones, and says how to normalise.
void FinishNorm(const Norm& work, Stream stream);

struct NormGradient {
  Shape shape;
  const float* partials = nullptr;  // of AddProducts(g, y, bias)
  const float* bias = nullptr;
  const float* scale = nullptr;    // of FinishNorm
  float* slope = nullptr;          // out: of y
  float* offset = nullptr;         // out
  float* bias_gradient = nullptr;  // out
};
// How the gradient of a normalisation's input comes from g and its result y: scale * g + slope * y
// + offset.
void FinishNormGradient(const NormGradient& work, Stream stream);

// out = a * x + b * y + c by channels; y and b may be none.
void Affine(Type type, Shape shape, const void* x, const void* y, const float* a, const float* b,
            const float* c, void* out, Stream stream);

// A 1x1 convolution from three channels of float32: out = weight * x + bias, weight [channels, 3].
// `shape` is out's.
void NarrowInputs(Type type, Shape shape, const float* x, const float* weight, const float* bias,
                  void* out, Stream stream);

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
