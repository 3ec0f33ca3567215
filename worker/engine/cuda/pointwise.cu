#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "worker/engine/cuda/pointwise.h"

namespace makeover::engine::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWide = 8;  // channels that a thread takes at once

void CheckLaunch() {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("A CUDA kernel cannot start: ") +
                             cudaGetErrorString(error) + ".");
}

// Some neighbouring channels, in float32.
template <int V>
struct Vector {
  float values[V];
};

template <typename T, int V>
struct alignas(V * sizeof(T) < 16 ? V * sizeof(T) : 16) Packed {
  T values[V];
};

template <int V, typename T>
__host__ __device__ Vector<V> Load(const T* from, int64_t vector) {
  const Packed<T, V> packed = reinterpret_cast<const Packed<T, V>*>(from)[vector];
  Vector<V> out;
  for (int i = 0; i < V; ++i) out.values[i] = static_cast<float>(packed.values[i]);
  return out;
}

template <int V, typename T>
__host__ __device__ void Store(const Vector<V>& v, T* to, int64_t vector) {
  Packed<T, V> packed;
  for (int i = 0; i < V; ++i) packed.values[i] = static_cast<T>(v.values[i]);
  reinterpret_cast<Packed<T, V>*>(to)[vector] = packed;
}

template <int V>
__host__ __device__ void AddTo(const Vector<V>& v, float scale, Vector<V>* to) {
  for (int i = 0; i < V; ++i) to->values[i] += scale * v.values[i];
}

// Where a vector of channels lies.
struct Place {
  uint32_t count, y, x, lane;
};

// Pictures as vectors of channels.
struct Grid {
  uint32_t height, width, lanes;

  __host__ __device__ Place At(uint32_t vector) const {
    Place place;
    place.lane = vector % lanes;
    vector /= lanes;
    place.x = vector % width;
    vector /= width;
    place.y = vector % height;
    place.count = vector / height;
    return place;
  }
  __host__ __device__ uint32_t Of(uint32_t count, uint32_t y, uint32_t x, uint32_t lane) const {
    return ((count * height + y) * width + x) * lanes + lane;
  }
};

// Every vector of `shape` once.
template <typename Body>
__global__ void ForVectors(uint32_t vectors, Body body) {
  const uint32_t vector = blockIdx.x * kThreads + threadIdx.x;
  if (vector < vectors) body(vector);
}

template <typename Body>
void Launch(int64_t vectors, const Body& body, Stream stream) {
  if (vectors > std::numeric_limits<int32_t>::max())
    throw std::runtime_error("A batch is too large for one CUDA kernel: use a smaller batch size.");
  if (vectors == 0) return;
  const auto blocks = static_cast<unsigned>((vectors + kThreads - 1) / kThreads);
  ForVectors<<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
      static_cast<uint32_t>(vectors), body);
  CheckLaunch();
}

Grid GridOf(const Shape& shape, int width) {
  return {static_cast<uint32_t>(shape.height), static_cast<uint32_t>(shape.width),
          static_cast<uint32_t>(shape.channels / width)};
}

Shape Halved(Shape shape) {
  shape.height /= 2;
  shape.width /= 2;
  return shape;
}

Shape Doubled(Shape shape) {
  shape.height *= 2;
  shape.width *= 2;
  return shape;
}

bool IsWide(const Shape& shape) { return shape.channels % kWide == 0; }

// Calls run(T(), integral_constant<int, V>()) with the type and the channels that are taken at
// once.
template <typename Run>
void ForType(Type type, bool wide, const Run& run) {
  if (type == Type::kFloat32) {
    if (wide) return run(float(), std::integral_constant<int, kWide>());
    return run(float(), std::integral_constant<int, 1>());
  }
  if (wide) return run(__nv_bfloat16(), std::integral_constant<int, kWide>());
  return run(__nv_bfloat16(), std::integral_constant<int, 1>());
}

template <typename T, int V>
struct ActivateBody {
  const T* x;
  float slope;
  bool twice;
  Grid from, to;
  T* out;

  __host__ __device__ void operator()(uint32_t vector) const {
    Vector<V> v = Load<V>(x, vector);
    for (int i = 0; i < V; ++i)
      if (v.values[i] < 0) v.values[i] *= slope;
    if (!twice) return Store(v, out, vector);
    const Place at = from.At(vector);
    for (uint32_t i = 0; i < 4; ++i)
      Store(v, out, to.Of(at.count, 2 * at.y + i / 2, 2 * at.x + i % 2, at.lane));
  }
};

// Over places of the result.
template <typename T, int V>
struct FinishBody {
  const T* conv;
  const float* bias;
  const T* added;
  const float* scale;
  Resize resize;
  Grid result, conv_grid, added_grid;
  T* out;

  __host__ __device__ Vector<V> Scaled(Vector<V> v, uint32_t lane) const {
    if (scale == nullptr) return v;
    const Vector<V> s = Load<V>(scale, lane);
    for (int i = 0; i < V; ++i) v.values[i] *= s.values[i];
    return v;
  }
  __host__ __device__ void operator()(uint32_t vector) const {
    const Place at = result.At(vector);
    Vector<V> sum = Load<V>(bias, at.lane);
    if (resize == Resize::kHalf) {
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t one = conv_grid.Of(at.count, 2 * at.y + i / 2, 2 * at.x + i % 2, at.lane);
        AddTo(Load<V>(conv, one), 0.25F, &sum);
        if (added != nullptr) AddTo(Scaled(Load<V>(added, one), at.lane), 0.25F, &sum);
      }
    } else {
      AddTo(Load<V>(conv, vector), 1, &sum);
      if (added != nullptr) {
        const uint32_t one = resize == Resize::kTwice
                                 ? added_grid.Of(at.count, at.y / 2, at.x / 2, at.lane)
                                 : vector;
        AddTo(Scaled(Load<V>(added, one), at.lane), 1, &sum);
      }
    }
    Store(sum, out, vector);
  }
};

// Over places of the convolution's input before it was doubled.
template <typename T, int V>
struct InputGradientBody {
  const T* conv;
  const T* activated;
  float slope;
  const T* gradient;
  Resize resize;
  Grid input, large, small;
  T* out;

  __host__ __device__ void Bend(const Vector<V>& signs, Vector<V>* v) const {
    for (int i = 0; i < V; ++i)
      if (!(signs.values[i] > 0)) v->values[i] *= slope;
  }
  __host__ __device__ void Twice(uint32_t vector, const Place& at) const {
    Vector<V> sum = {};
    Vector<V> straight = {};
    uint32_t one = 0;
    for (uint32_t i = 0; i < 4; ++i) {
      one = large.Of(at.count, 2 * at.y + i / 2, 2 * at.x + i % 2, at.lane);
      AddTo(Load<V>(conv, one), 1, &sum);
      if (gradient != nullptr) AddTo(Load<V>(gradient, one), 1, &straight);
    }
    if (activated != nullptr) Bend(Load<V>(activated, one), &sum);
    AddTo(straight, 1, &sum);
    Store(sum, out, vector);
  }
  __host__ __device__ void operator()(uint32_t vector) const {
    const Place at = input.At(vector);
    if (resize == Resize::kTwice) return Twice(vector, at);
    Vector<V> sum = Load<V>(conv, vector);
    if (activated != nullptr) Bend(Load<V>(activated, vector), &sum);
    if (gradient != nullptr && resize == Resize::kNone) {
      AddTo(Load<V>(gradient, vector), 1, &sum);
    } else if (gradient != nullptr && at.y / 2 < small.height && at.x / 2 < small.width) {
      AddTo(Load<V>(gradient, small.Of(at.count, at.y / 2, at.x / 2, at.lane)), 0.25F, &sum);
    }
    Store(sum, out, vector);
  }
};

template <typename T, int V>
struct SpreadBody {
  const T* gradient;
  Grid large, small;
  T* out;

  __host__ __device__ void operator()(uint32_t vector) const {
    const Place at = large.At(vector);
    Vector<V> v = {};
    if (at.y / 2 < small.height && at.x / 2 < small.width)
      AddTo(Load<V>(gradient, small.Of(at.count, at.y / 2, at.x / 2, at.lane)), 0.25F, &v);
    Store(v, out, vector);
  }
};

template <typename T, int V>
struct AffineBody {
  const T* x;
  const T* y;
  const float* a;
  const float* b;
  const float* c;
  uint32_t lanes;
  T* out;

  __host__ __device__ void operator()(uint32_t vector) const {
    const uint32_t lane = vector % lanes;
    const Vector<V> from = Load<V>(x, vector);
    const Vector<V> slopes = Load<V>(a, lane);
    Vector<V> sum = Load<V>(c, lane);
    for (int i = 0; i < V; ++i) sum.values[i] += slopes.values[i] * from.values[i];
    if (y != nullptr) {
      const Vector<V> other = Load<V>(y, vector);
      const Vector<V> others = Load<V>(b, lane);
      for (int i = 0; i < V; ++i) sum.values[i] += others.values[i] * other.values[i];
    }
    Store(sum, out, vector);
  }
};

template <typename T, int V>
struct NarrowInputsBody {
  const float* x;
  const float* weight;
  const float* bias;
  uint32_t lanes;
  T* out;

  __host__ __device__ void operator()(uint32_t vector) const {
    const uint32_t lane = vector % lanes;
    const float* from = x + static_cast<int64_t>(vector / lanes) * 3;
    Vector<V> sum = Load<V>(bias, lane);
    const float* weights = weight + static_cast<int64_t>(lane) * V * 3;
    for (int i = 0; i < V; ++i)
      for (int k = 0; k < 3; ++k) sum.values[i] += weights[3 * i + k] * from[k];
    Store(sum, out, vector);
  }
};

// One thread a place.
template <typename T, int V>
struct NarrowOutputsBody {
  const T* x;
  const float* linear;
  const float* rectified;
  const float* bias;
  uint32_t channels, outputs;
  float* out;

  __host__ __device__ void operator()(uint32_t place) const {
    const uint32_t lanes = channels / V;
    float sums[kNarrowOutputsMax] = {};
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const Vector<V> v = Load<V>(x, static_cast<int64_t>(place) * lanes + lane);
      for (uint32_t k = 0; k < kNarrowOutputsMax; ++k) {
        if (k >= outputs) continue;
        const Vector<V> straight = Load<V>(linear, k * lanes + lane);
        const Vector<V> bent = Load<V>(rectified, k * lanes + lane);
        for (int i = 0; i < V; ++i) {
          const float value = v.values[i];
          sums[k] += straight.values[i] * value + bent.values[i] * (value > 0 ? value : 0);
        }
      }
    }
    for (uint32_t k = 0; k < kNarrowOutputsMax; ++k)
      if (k < outputs) out[static_cast<int64_t>(place) * outputs + k] = sums[k] + bias[k];
  }
};

template <typename T>
struct MaskedChangeBody {
  const float* picture;
  const T* change;
  float* out;

  __host__ __device__ void operator()(uint32_t place) const {
    const Vector<4> v = Load<4>(change, place);
    const float mask = 1 / (1 + expf(-v.values[3]));
    for (int i = 0; i < 3; ++i) {
      const int64_t at = static_cast<int64_t>(place) * 3 + i;
      out[at] = picture[at] + tanhf(v.values[i]) * mask;
    }
  }
};

// How threads of a block are laid over places and vectors of channels: `lanes` side by side, the
// rest of them in `rows`.
struct Layout {
  uint32_t lanes, chunks, rows, blocks;
};

constexpr uint32_t kLanesMax = 32;
constexpr uint32_t kBlocksMax = 512;

Layout LayoutOf(const Shape& shape) {
  const auto all = static_cast<uint32_t>(shape.channels / (IsWide(shape) ? kWide : 1));
  Layout layout = {};
  layout.lanes = std::min(all, kLanesMax);
  layout.chunks = (all + layout.lanes - 1) / layout.lanes;
  layout.rows = kThreads / layout.lanes;
  const int64_t steps = (shape.places() + layout.rows - 1) / layout.rows;
  layout.blocks =
      static_cast<uint32_t>(std::min<int64_t>(kBlocksMax, std::max<int64_t>(1, steps / 4)));
  return layout;
}

// What is summed of a vector of channels: two numbers each.
template <typename T, int V>
struct MomentsOf {
  const T* x;

  __device__ Vector<V> Shift(uint32_t lane) const { return Load<V>(x, lane); }
  __device__ void Add(int64_t vector, const Vector<V>& shift, Vector<V>* first,
                      Vector<V>* second) const {
    const Vector<V> v = Load<V>(x, vector);
    for (int i = 0; i < V; ++i) {
      const float off = v.values[i] - shift.values[i];
      first->values[i] += off;
      second->values[i] += off * off;
    }
  }
};

template <typename T, int V>
struct ProductsOf {
  const T* g;
  const T* y;
  const float* shift;

  __device__ Vector<V> Shift(uint32_t lane) const {
    return y == nullptr ? Vector<V>{} : Load<V>(shift, lane);
  }
  __device__ void Add(int64_t vector, const Vector<V>& from, Vector<V>* first,
                      Vector<V>* second) const {
    const Vector<V> v = Load<V>(g, vector);
    AddTo(v, 1, first);
    if (y == nullptr) return;
    const Vector<V> other = Load<V>(y, vector);
    for (int i = 0; i < V; ++i)
      second->values[i] += v.values[i] * (other.values[i] - from.values[i]);
  }
};

// Sums in a fixed order: equal pictures give equal bits.
template <int V, typename Terms>
__global__ void SumPlaces(Terms terms, Layout layout, int64_t places, uint32_t all_lanes,
                          float* partials) {
  __shared__ float shared[kThreads * 2 * V];
  const uint32_t row = threadIdx.x / layout.lanes;
  const uint32_t lane = blockIdx.y * layout.lanes + threadIdx.x % layout.lanes;
  Vector<V> first = {};
  Vector<V> second = {};
  if (row < layout.rows && lane < all_lanes) {
    const Vector<V> shift = terms.Shift(lane);
    const int64_t step = static_cast<int64_t>(gridDim.x) * layout.rows;
#pragma unroll 4
    for (int64_t place = static_cast<int64_t>(blockIdx.x) * layout.rows + row; place < places;
         place += step)
      terms.Add(place * all_lanes + lane, shift, &first, &second);
  }
  for (int i = 0; i < V; ++i) {
    shared[threadIdx.x * 2 * V + i] = first.values[i];
    shared[threadIdx.x * 2 * V + V + i] = second.values[i];
  }
  __syncthreads();
  // One thread for each number of the lanes.
  const uint32_t numbers = layout.lanes * 2 * V;
  for (uint32_t number = threadIdx.x; number < numbers; number += kThreads) {
    float sum = 0;
    for (uint32_t r = 0; r < layout.rows; ++r) sum += shared[r * numbers + number];
    const uint32_t of = blockIdx.y * layout.lanes + number / (2 * V);
    if (of >= all_lanes) continue;
    const uint32_t kind = number / V % 2;
    const uint32_t channels = all_lanes * V;
    partials[(static_cast<int64_t>(blockIdx.x) * 2 + kind) * channels + of * V + number % V] = sum;
  }
}

template <int V, typename Terms>
void LaunchSums(const Shape& shape, const Terms& terms, float* partials, Stream stream) {
  const Layout layout = LayoutOf(shape);
  SumPlaces<V>
      <<<dim3(layout.blocks, layout.chunks), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
          terms, layout, shape.places(), static_cast<uint32_t>(shape.channels / V), partials);
  CheckLaunch();
}

constexpr int kWarp = 32;

__device__ double PlacesOf(const Shape& shape) {
  return static_cast<double>(shape.count * shape.height * shape.width);
}

// The parts' sum for a channel, on every thread of its warp.
__device__ double SumOfParts(const float* partials, int parts, int kind, int channel,
                             int channels) {
  double sum = 0;
  for (int part = static_cast<int>(threadIdx.x); part < parts; part += kWarp)
    sum += partials[(static_cast<int64_t>(part) * 2 + kind) * channels + channel];
  for (int off = kWarp / 2; off > 0; off /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, off);
  return sum;
}

// A warp a channel, as the next two.
__global__ void SumParts(const float* partials, int parts, float* out) {
  const int channel = static_cast<int>(blockIdx.x);
  const double sum = SumOfParts(partials, parts, 0, channel, static_cast<int>(gridDim.x));
  if (threadIdx.x == 0) out[channel] = static_cast<float>(sum);
}

template <typename T>
__global__ void NormStatistics(Norm work, int parts) {
  const int channel = static_cast<int>(blockIdx.x);
  const auto channels = static_cast<int>(gridDim.x);
  const double first = SumOfParts(work.partials, parts, 0, channel, channels);
  const double second = SumOfParts(work.partials, parts, 1, channel, channels);
  if (threadIdx.x != 0) return;
  const double places = PlacesOf(work.shape);
  const double shift =
      static_cast<double>(static_cast<float>(static_cast<const T*>(work.x)[channel]));
  const double off = first / places;
  const double mean = shift + off;
  const double variance = fmax(second / places - off * off, 0.0);
  const double inverse = 1 / sqrt(variance + work.epsilon);
  work.scale[channel] = static_cast<float>(inverse);
  work.offset[channel] =
      static_cast<float>(static_cast<double>(work.bias[channel]) - mean * inverse);
  const double count = work.copies * places;
  const auto move = [&](float* running, double to) {
    const auto from = static_cast<double>(running[channel]);
    running[channel] = static_cast<float>(from + work.momentum * (to - from));
  };
  move(work.running_mean, mean);
  move(work.running_variance, variance * (count / (count - 1)));
}

// d = s (g - mean(g) - z mean(g z)) with z = y - bias, the normalised value.
__global__ void NormSlopes(NormGradient work, int parts) {
  const int channel = static_cast<int>(blockIdx.x);
  const auto channels = static_cast<int>(gridDim.x);
  const double first = SumOfParts(work.partials, parts, 0, channel, channels);
  const double second = SumOfParts(work.partials, parts, 1, channel, channels);
  if (threadIdx.x != 0) return;
  const double places = PlacesOf(work.shape);
  const auto scale = static_cast<double>(work.scale[channel]);
  const double slope = -scale * second / places;
  work.slope[channel] = static_cast<float>(slope);
  work.offset[channel] =
      static_cast<float>(-scale * first / places - slope * static_cast<double>(work.bias[channel]));
  work.bias_gradient[channel] = static_cast<float>(first);
}

}  // namespace

void Activate(Type type, Shape shape, const void* x, float slope, Resize resize, void* out,
              Stream stream) {
  const bool twice = resize == Resize::kTwice;
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    const Grid from = GridOf(shape, V);
    const Grid to = GridOf(Doubled(shape), V);
    Launch(
        shape.values() / V,
        ActivateBody<T, V>{static_cast<const T*>(x), slope, twice, from, to, static_cast<T*>(out)},
        stream);
  });
}

void FinishConv(const Finish& work, Stream stream) {
  const Shape result = work.resize == Resize::kHalf ? Halved(work.shape) : work.shape;
  ForType(work.type, IsWide(work.shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(result.values() / V,
           FinishBody<T, V>{static_cast<const T*>(work.conv), work.bias,
                            static_cast<const T*>(work.added), work.scale, work.resize,
                            GridOf(result, V), GridOf(work.shape, V), GridOf(Halved(work.shape), V),
                            static_cast<T*>(work.out)},
           stream);
  });
}

void FinishInputGradient(const InputGradient& work, Stream stream) {
  ForType(work.type, IsWide(work.shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(work.shape.values() / V,
           InputGradientBody<T, V>{static_cast<const T*>(work.conv),
                                   static_cast<const T*>(work.activated), work.slope,
                                   static_cast<const T*>(work.gradient), work.resize,
                                   GridOf(work.shape, V), GridOf(Doubled(work.shape), V),
                                   GridOf(Halved(work.shape), V), static_cast<T*>(work.out)},
           stream);
  });
}

void SpreadQuarters(Type type, Shape shape, const void* gradient, void* out, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(shape.values() / V,
           SpreadBody<T, V>{static_cast<const T*>(gradient), GridOf(shape, V),
                            GridOf(Halved(shape), V), static_cast<T*>(out)},
           stream);
  });
}

int64_t PartialSums(Shape shape) { return LayoutOf(shape).blocks; }

void AddMoments(Type type, Shape shape, const void* x, float* partials, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    LaunchSums<V>(shape, MomentsOf<T, V>{static_cast<const T*>(x)}, partials, stream);
  });
}

void AddProducts(Type type, Shape shape, const void* g, const void* y, const float* shift,
                 float* partials, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    LaunchSums<V>(shape,
                  ProductsOf<T, V>{static_cast<const T*>(g), static_cast<const T*>(y), shift},
                  partials, stream);
  });
}

void AddParts(Shape shape, const float* partials, float* out, Stream stream) {
  SumParts<<<static_cast<unsigned>(shape.channels), kWarp, 0, static_cast<cudaStream_t>(stream)>>>(
      partials, static_cast<int>(PartialSums(shape)), out);
  CheckLaunch();
}

void FinishNorm(const Norm& work, Stream stream) {
  const auto channels = static_cast<unsigned>(work.shape.channels);
  const auto parts = static_cast<int>(PartialSums(work.shape));
  const auto on = static_cast<cudaStream_t>(stream);
  if (work.type == Type::kFloat32) {
    NormStatistics<float><<<channels, kWarp, 0, on>>>(work, parts);
  } else {
    NormStatistics<__nv_bfloat16><<<channels, kWarp, 0, on>>>(work, parts);
  }
  CheckLaunch();
}

void FinishNormGradient(const NormGradient& work, Stream stream) {
  NormSlopes<<<static_cast<unsigned>(work.shape.channels), kWarp, 0,
               static_cast<cudaStream_t>(stream)>>>(work,
                                                    static_cast<int>(PartialSums(work.shape)));
  CheckLaunch();
}

void Affine(Type type, Shape shape, const void* x, const void* y, const float* a, const float* b,
            const float* c, void* out, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(shape.values() / V,
           AffineBody<T, V>{static_cast<const T*>(x), static_cast<const T*>(y), a, b, c,
                            static_cast<uint32_t>(shape.channels / V), static_cast<T*>(out)},
           stream);
  });
}

void NarrowInputs(Type type, Shape shape, const float* x, const float* weight, const float* bias,
                  void* out, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(shape.values() / V,
           NarrowInputsBody<T, V>{x, weight, bias, static_cast<uint32_t>(shape.channels / V),
                                  static_cast<T*>(out)},
           stream);
  });
}

void NarrowOutputs(Type type, Shape shape, const void* x, const float* linear,
                   const float* rectified, const float* bias, int64_t outputs, float* out,
                   Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    Launch(shape.places(),
           NarrowOutputsBody<T, V>{static_cast<const T*>(x), linear, rectified, bias,
                                   static_cast<uint32_t>(shape.channels),
                                   static_cast<uint32_t>(outputs), out},
           stream);
  });
}

void MaskedChange(Type type, int64_t places, const float* picture, const void* change, float* out,
                  Stream stream) {
  if (type == Type::kFloat32) {
    const auto* values = static_cast<const float*>(change);
    return Launch(places, MaskedChangeBody<float>{picture, values, out}, stream);
  }
  const auto* values = static_cast<const __nv_bfloat16*>(change);
  Launch(places, MaskedChangeBody<__nv_bfloat16>{picture, values, out}, stream);
}

}  // namespace makeover::engine::cuda
