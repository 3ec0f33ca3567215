// How CUDA's kernels go over pictures: a thread takes some neighbouring channels of a place at
// once.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>
#include <type_traits>

#include "worker/engine/cuda/launch.cuh"
#include "worker/engine/cuda/shape.h"

namespace makeover::engine::cuda {

inline constexpr int kWide = 8;  // channels that a thread takes at once

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

inline bool IsWide(const Shape& shape) { return shape.channels % kWide == 0; }

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

}  // namespace makeover::engine::cuda
