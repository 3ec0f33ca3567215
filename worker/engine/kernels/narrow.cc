// 1x1 convolutions from or to a few channels, for inference.
#include "worker/engine/kernels/narrow.h"

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/parts.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// Places computed side by side.
constexpr int64_t kPlaces = 4;

// Values of T in a vector.
template <class T>
constexpr int64_t kChunk = 16 * T::kPair;

// 16 * kPair weights as products take them, zeros beyond the last.
template <class T>
Bits Chunk(const float* weights, int64_t first, int64_t channels) {
  alignas(64) typename T::Value values[kChunk<T>] = {};
  for (int64_t c = 0; c < kChunk<T>; c += 16) {
    const Mask lanes = Lanes(first + c, channels);
    T::Store(values + c, kAllLanes, F32::Load(weights + first + c, lanes));
  }
  return LoadBits(values);
}

// The sums of each of four vectors.
__m128 Totals(const Vector* v) {
  const __m256 quarters = _mm256_hadd_ps(_mm256_hadd_ps(Halves(v[0]), Halves(v[1])),
                                         _mm256_hadd_ps(Halves(v[2]), Halves(v[3])));
  return _mm_add_ps(_mm256_castps256_ps128(quarters), _mm256_extractf128_ps(quarters, 1));
}

template <class T>
class NarrowOutput {
 public:
  using Value = typename T::Value;

  explicit NarrowOutput(const NarrowOutputs& work)
      : work_(work), chunks_(DivideUp(work.channels, kChunk<T>)) {}

  void Rows(int64_t begin, int64_t end) const {
    for (int64_t output = 0; output < work_.outputs; output += kOutputs) {
      const int64_t outputs = work_.outputs - output;
      for (int64_t row = begin; row < end; row += kPlaces) {
        const int64_t rows = end - row < kPlaces ? end - row : kPlaces;
        if (outputs == 3) {
          Some<3>(row, rows, output);
        } else {
          for (int64_t k = output; k < output + (outputs < kOutputs ? outputs : kOutputs); ++k)
            Some<1>(row, rows, k);
        }
      }
    }
  }

 private:
  // Outputs computed side by side, for the three colours.
  static constexpr int64_t kOutputs = 3;

  // Rows beyond the last are the last once more.
  template <int64_t kCount>
  void Some(int64_t first, int64_t rows, int64_t output) const {
    Vector sums[kCount][kPlaces];
    for (auto& line : sums)
      for (Vector& sum : line) sum = Zero();
    const char* weights = static_cast<const char*>(work_.weights) + output * chunks_ * 128;
    for (int64_t chunk = 0; chunk < chunks_; ++chunk, weights += 128) {
      const int64_t at = chunk * kChunk<T>;
      Bits linear[kCount];
      Bits rectified[kCount];
      for (int64_t k = 0; k < kCount; ++k) {
        linear[k] = LoadBits(weights + k * chunks_ * 128);
        rectified[k] = LoadBits(weights + k * chunks_ * 128 + 64);
      }
      for (int64_t i = 0; i < kPlaces; ++i) {
        const int64_t row = first + (i < rows ? i : rows - 1);
        const Value* x = static_cast<const Value*>(work_.in) + row * work_.channels + at;
        const Bits value = T::LoadChunk(x, work_.channels - at);
        const Bits positive = T::Positive(value);
        for (int64_t k = 0; k < kCount; ++k) {
          sums[k][i] = T::MultiplyAdd(sums[k][i], value, linear[k]);
          sums[k][i] = T::MultiplyAdd(sums[k][i], positive, rectified[k]);
        }
      }
    }
    for (int64_t k = 0; k < kCount; ++k) {
      alignas(16) float totals[kPlaces];
      _mm_store_ps(totals, Totals(sums[k]));
      for (int64_t i = 0; i < rows; ++i)
        work_.out[(first + i) * work_.outputs + output + k] = work_.bias[output + k] + totals[i];
    }
  }

  const NarrowOutputs& work_;
  int64_t chunks_;
};

template <class T>
void PackNarrow(const float* linear, const float* rectified, int64_t outputs, int64_t channels,
                char* packed) {
  for (int64_t k = 0; k < outputs; ++k) {
    for (int64_t c = 0; c < channels; c += kChunk<T>, packed += 128) {
      StoreBits(packed, Chunk<T>(linear + k * channels, c, channels));
      StoreBits(packed + 64, Chunk<T>(rectified + k * channels, c, channels));
    }
  }
}

// For 16 outputs. The weights of the first kKept channels stay in registers.
template <class T, int64_t kKept>
void Widen16(const NarrowInputs& work, int64_t begin, int64_t end, int64_t output) {
  const Mask lanes = Lanes(output, work.outputs);
  const auto weights = [&](int64_t c) {
    return F32::Load(work.weights + c * work.outputs + output, lanes);
  };
  Vector first[kKept + 1];
  for (int64_t c = 0; c < kKept; ++c) first[c] = weights(c);
  const Vector bias = F32::Load(work.bias + output, lanes);
  for (int64_t row = begin; row < end; ++row) {
    const float* x = work.in + row * work.channels;
    Vector sum = bias;
    for (int64_t c = 0; c < kKept; ++c) sum = Fused(All(x[c]), first[c], sum);
    for (int64_t c = kKept; c < work.channels; ++c) sum = Fused(All(x[c]), weights(c), sum);
    auto* out = static_cast<typename T::Value*>(work.out) + row * work.outputs + output;
    T::Store(out, lanes, sum);
  }
}

template <class T>
void Widen(const NarrowInputs& work, int64_t begin, int64_t end) {
  constexpr int64_t kRowsOfBlock = 128;
  for (int64_t row = begin; row < end; row += kRowsOfBlock) {
    const int64_t last = row + kRowsOfBlock < end ? row + kRowsOfBlock : end;
    for (int64_t output = 0; output < work.outputs; output += 16) {
      if (work.channels == 3) {
        Widen16<T, 3>(work, row, last, output);
      } else {
        Widen16<T, 0>(work, row, last, output);
      }
    }
  }
}

size_t PackedNarrowBytes(Type type, int64_t outputs, int64_t channels) {
  const int64_t chunk = ForType(type, [](auto t) { return kChunk<decltype(t)>; });
  return static_cast<size_t>(outputs * DivideUp(channels, chunk) * 128);
}

void PackNarrowWeights(Type type, const float* linear, const float* rectified, int64_t outputs,
                       int64_t channels, void* packed) {
  auto* to = static_cast<char*>(packed);
  ForType(type, [&](auto t) { PackNarrow<decltype(t)>(linear, rectified, outputs, channels, to); });
}

void ComputeNarrowOutputs(const NarrowOutputs& work, int64_t row_begin, int64_t row_end) {
  ForType(work.type, [&](auto t) { NarrowOutput<decltype(t)>(work).Rows(row_begin, row_end); });
}

void ComputeNarrowInputs(const NarrowInputs& work, int64_t row_begin, int64_t row_end) {
  ForType(work.type, [&](auto t) { Widen<decltype(t)>(work, row_begin, row_end); });
}

}  // namespace

void PutNarrow(Variant* variant) {
  variant->packed_narrow_bytes = PackedNarrowBytes;
  variant->pack_narrow_weights = PackNarrowWeights;
  variant->compute_narrow_outputs = ComputeNarrowOutputs;
  variant->compute_narrow_inputs = ComputeNarrowInputs;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
