// Convolution and normalisation for processors with AVX-512, or AVX2 and FMA, on plain memory: no
// LibTorch, no threads of their own. For x86-64 the same files are compiled once for each of these,
// see vectors.h and variant.h; elsewhere without_kernels.cc says that nothing is ever available.
//
// Pictures are [n, height, width, channels], dense, in float32 or bfloat16; sums are float32. A
// picture gives the same bits beside any others and in any division of the work.
#pragma once

#include <cstddef>
#include <cstdint>

namespace makeover::engine::kernels {

enum class Type { kFloat32, kBfloat16 };

// True where this build has the kernels and this processor their instructions: AVX-512 F, BW, DQ
// and VL, or AVX2 and FMA; for bfloat16 the former and AVX512_BF16. False for bfloat16 with AMX,
// where oneDNN is faster.
bool Available(Type type);

// What is added to a result, from a tensor [n, height, width, outputs] at the output's resolution,
// at twice that (the sum of 2x2 places) or at half (a place serves 2x2).
enum class Residual { kNone, kSame, kSumOf4, kHalf };

// What happens to a sum before it is stored: + bias; times `slope` where `mask` is not positive; +
// scale * residual, which is 0 beyond its tensor, or by channels scales[c] * residual.
struct Epilogue {
  const float* bias = nullptr;  // [PaddedOutputs] or null
  const void* mask = nullptr;   // shaped like the output, or null
  float slope = 1;
  Residual residual = Residual::kNone;
  const void* values = nullptr;
  int64_t height = 0, width = 0;
  float scale = 1;
  const float* scales = nullptr;  // [PaddedOutputs] or null
};

// Where a convolution reads: taps_y x taps_x places from (y * stride + first_dy, x * stride +
// first_dx) on, zeros outside, through a leaky ReLU.
struct Window {
  int64_t height = 0, width = 0, channels = 0;  // of the tensor
  int64_t stride = 1;
  int taps_y = 1, taps_x = 1;
  int64_t first_dy = 0, first_dx = 0;
  float slope = 1;  // of the leaky ReLU below 0, at most 1: 1 for none, 0 for ReLU
};

// Ways to the sums. All but the first are for 3x3 taps with stride 1 and round what they transform
// to the type once more.
enum class Method {
  kDirect,
  kWinograd,  // F(2x2, 3x3) (Lavin and Gray, 2016): 16 products for 36
  kPooled,    // a place is the sum of 2x2 results: 9 products for 36
  kDoubled,   // each place of the input stands for 2x2 and gives 2x2 results: 9 products for 36
};

// For each place (y, x) the sum over taps of weight * input. It is stored at (y * step + first_y, x
// * step + first_x) of the output, so that four of these with step 2 make a transposed convolution.
// kDoubled stores at (2 y, 2 x) and its neighbours, as far as the output has them.
struct Gather {
  Type type = Type::kFloat32;
  Method method = Method::kDirect;
  Window window;
  const void* in = nullptr;
  int64_t places_y = 0, places_x = 0;
  void* out = nullptr;
  int64_t out_height = 0, out_width = 0, outputs = 0;
  int64_t step = 1, first_y = 0, first_x = 0;
  const void* weights = nullptr;  // as PackWeights leaves them
  Epilogue epilogue;
};

// Weights somewhere in memory, each to be taken times `scale`; strides count floats and may be
// negative.
struct WeightView {
  const float* data = nullptr;
  int64_t taps_y = 1, taps_x = 1, inputs = 0, outputs = 0;
  int64_t stride_y = 0, stride_x = 0, stride_input = 0, stride_output = 0;
  float scale = 1;
};

// Channels of packed weights and of sums: a multiple of 16.
int64_t PaddedOutputs(int64_t outputs);
// True where `method` takes such weights and is the faster one, with stride and step 1.
bool Suits(Method method, const WeightView& weights);
size_t PackedWeightBytes(Type type, Method method, const WeightView& weights);
// Those of some outputs, of PaddedOutputs in all: both are multiples of 16.
void PackWeights(Type type, Method method, const WeightView& weights, int64_t output_begin,
                 int64_t output_end, void* packed);

// Work is divided into strips of lines: item i is strip i % Strips of picture i / Strips.
int64_t Strips(const Gather& gather);
size_t ScratchBytes(const Gather& gather);  // for each thread, aligned to 64
void Convolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch);

// The gradient of a Gather's weights: for each tap, input and output the sum of input * gradient
// over all places, each through its leaky ReLU. kPooled: the gradient of a place is that of its 2x2
// neighbours.
struct WeightGradient {
  Type type = Type::kFloat32;
  Method method = Method::kDirect;  // not kDoubled
  Window window;                    // of at most 8x8 taps
  const void* in = nullptr;
  const void* gradient = nullptr;  // [n, places_y, places_x, outputs]
  int64_t places_y = 0, places_x = 0, outputs = 0;
  float slope = 1;  // of the leaky ReLU on the gradient's side
  int64_t inputs() const { return window.channels; }
};

// Sums on the way: their number, those of inputs padded.
int64_t PaddedInputs(int64_t inputs, int64_t outputs);
int64_t SumCount(const WeightGradient& work);
size_t ScratchBytes(const WeightGradient& work);
// sums: [SumCount], 0 at first.
void AddWeightGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                       float* sums, void* scratch);

// Where gradients go, each times `scale`; strides count floats and may be negative.
struct WeightTarget {
  float* data = nullptr;
  int64_t stride_y = 0, stride_x = 0, stride_input = 0, stride_output = 0;
  float scale = 1;
};
// Writes the gradients of some inputs from `parts` sums, one behind the other.
void WriteWeightGradient(const WeightGradient& work, const float* sums, int64_t parts,
                         int64_t input_begin, int64_t input_end, const WeightTarget& target);

// Over rows of `channels` values: sums += x - shift, squares += (x - shift)^2.
void AddMoments(Type type, const void* x, int64_t rows, int64_t channels, const float* shift,
                double* sums, double* squares);
// sums += g, products += g * (y - shift).
void AddProducts(Type type, const void* g, const void* y, int64_t rows, int64_t channels,
                 const float* shift, double* sums, double* products);
// out = a * x + b * y + c by channels; without y where it is null. out may be x or y.
void Affine(Type type, const void* x, const void* y, int64_t rows, int64_t channels, const float* a,
            const float* b, const float* c, void* out);

}  // namespace makeover::engine::kernels
