#include "worker/engine/cuda/pointwise.h"
#include "worker/engine/cuda/vectors.cuh"

namespace makeover::engine::cuda {
namespace {

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
struct NarrowInputsBody {
  const float* x;
  const float* weight;
  const float* bias;
  uint32_t inputs, lanes;
  T* out;

  __host__ __device__ void operator()(uint32_t vector) const {
    const uint32_t lane = vector % lanes;
    const float* from = x + static_cast<int64_t>(vector / lanes) * inputs;
    Vector<V> sum = Load<V>(bias, lane);
    const float* weights = weight + static_cast<int64_t>(lane) * V * inputs;
    for (int i = 0; i < V; ++i)
      for (uint32_t k = 0; k < inputs; ++k) sum.values[i] += weights[inputs * i + k] * from[k];
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

}  // namespace

void Activate(Type type, Shape shape, const void* x, float slope, Resize resize, void* out,
              Stream stream) {
  const bool twice = resize == Resize::kTwice;
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    const Grid from = GridOf(shape, V);
    const Grid to = GridOf(Doubled(shape), V);
    ForEach(
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
    ForEach(result.values() / V,
            FinishBody<T, V>{static_cast<const T*>(work.conv), work.bias,
                             static_cast<const T*>(work.added), work.scale, work.resize,
                             GridOf(result, V), GridOf(work.shape, V),
                             GridOf(Halved(work.shape), V), static_cast<T*>(work.out)},
            stream);
  });
}

void FinishInputGradient(const InputGradient& work, Stream stream) {
  ForType(work.type, IsWide(work.shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    ForEach(work.shape.values() / V,
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
    ForEach(shape.values() / V,
            SpreadBody<T, V>{static_cast<const T*>(gradient), GridOf(shape, V),
                             GridOf(Halved(shape), V), static_cast<T*>(out)},
            stream);
  });
}

void NarrowInputs(Type type, Shape shape, int64_t inputs, const float* x, const float* weight,
                  const float* bias, void* out, Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    ForEach(shape.values() / V,
            NarrowInputsBody<T, V>{x, weight, bias, static_cast<uint32_t>(inputs),
                                   static_cast<uint32_t>(shape.channels / V), static_cast<T*>(out)},
            stream);
  });
}

void NarrowOutputs(Type type, Shape shape, const void* x, const float* linear,
                   const float* rectified, const float* bias, int64_t outputs, float* out,
                   Stream stream) {
  ForType(type, IsWide(shape), [&](auto t, auto v) {
    using T = decltype(t);
    constexpr int V = decltype(v)::value;
    ForEach(shape.places(),
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
    return ForEach(places, MaskedChangeBody<float>{picture, values, out}, stream);
  }
  const auto* values = static_cast<const __nv_bfloat16*>(change);
  ForEach(places, MaskedChangeBody<__nv_bfloat16>{picture, values, out}, stream);
}

}  // namespace makeover::engine::cuda
