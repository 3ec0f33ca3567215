// Sums over the places of pictures by channels, and normalisations by them, on a CUDA device.
#pragma once

#include <cstdint>

#include "worker/engine/cuda/shape.h"

namespace makeover::engine::cuda {

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

}  // namespace makeover::engine::cuda
