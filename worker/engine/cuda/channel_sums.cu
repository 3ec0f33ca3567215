#include <algorithm>
#include <cmath>

#include "worker/engine/cuda/channel_sums.h"
#include "worker/engine/cuda/vectors.cuh"

namespace makeover::engine::cuda {
namespace {

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
void SumAll(const Shape& shape, const Terms& terms, float* partials, Stream stream) {
  const Layout layout = LayoutOf(shape);
  ForBlocks(dim3(layout.blocks, layout.chunks), kThreads, stream, SumPlaces<V, Terms>, terms,
            layout, shape.places(), static_cast<uint32_t>(shape.channels / V), partials);
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

int64_t PartialSums(Shape shape) { return LayoutOf(shape).blocks; }

void AddMoments(Type type, Shape shape, const void* x, float* partials, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    SumAll<V>(shape, MomentsOf<T, V>{static_cast<const T*>(x)}, partials, stream);
  });
}

void AddProducts(Type type, Shape shape, const void* g, const void* y, const float* shift,
                 float* partials, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    SumAll<V>(shape, ProductsOf<T, V>{static_cast<const T*>(g), static_cast<const T*>(y), shift},
              partials, stream);
  });
}

void AddParts(Shape shape, const float* partials, float* out, Stream stream) {
  ForBlocks(static_cast<unsigned>(shape.channels), kWarp, stream, SumParts, partials,
            static_cast<int>(PartialSums(shape)), out);
}

void FinishNorm(const Norm& work, Stream stream) {
  ForBlocks(static_cast<unsigned>(work.shape.channels), kWarp, stream,
            work.type == Type::kFloat32 ? NormStatistics<float> : NormStatistics<__nv_bfloat16>,
            work, static_cast<int>(PartialSums(work.shape)));
}

void FinishNormGradient(const NormGradient& work, Stream stream) {
  ForBlocks(static_cast<unsigned>(work.shape.channels), kWarp, stream, NormSlopes, work,
            static_cast<int>(PartialSums(work.shape)));
}

void Affine(Type type, Shape shape, const void* x, const void* y, const float* a, const float* b,
            const float* c, void* out, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    ForEach(shape.values() / V,
            AffineBody<T, V>{static_cast<const T*>(x), static_cast<const T*>(y), a, b, c,
                             static_cast<uint32_t>(shape.channels / V), static_cast<T*>(out)},
            stream);
  });
}

}  // namespace makeover::engine::cuda
