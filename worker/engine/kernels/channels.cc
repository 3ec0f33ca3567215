// Sums and affine maps by channels.
#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/parts.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// Float32 sums run side by side, which hides the latency of an addition, and are short: their
// rounding, the same for a whole channel, would add up where gradients all but cancel.
constexpr int64_t kSums = 4;
constexpr int64_t kRowsOfBlock = 8 * kSums;

Vector Total(const Vector* sums) { return Plus(Plus(sums[0], sums[1]), Plus(sums[2], sums[3])); }

// first += Term.first(row), second likewise, for 16 channels over a block of rows.
template <class Terms>
void AddBlock(const Terms& terms, int64_t row, int64_t rows, int64_t channel, int64_t channels,
              double* first, double* second) {
  const Mask lanes = Lanes(channel, channels);
  Vector a[kSums] = {};
  Vector b[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= rows; i += kSums) {
    for (int64_t k = 0; k < kSums; ++k)
      terms.Add((row + i + k) * channels, channel, lanes, &a[k], &b[k]);
  }
  for (; i < rows; ++i) terms.Add((row + i) * channels, channel, lanes, &a[0], &b[0]);
  AddDoubles(Total(a), lanes, first + channel);
  AddDoubles(Total(b), lanes, second + channel);
}

template <class Terms>
void AddRows(const Terms& terms, int64_t rows, int64_t channels, double* first, double* second) {
  for (int64_t row = 0; row < rows; row += kRowsOfBlock) {
    const int64_t block = rows - row < kRowsOfBlock ? rows - row : kRowsOfBlock;
    for (int64_t channel = 0; channel < channels; channel += 16)
      AddBlock(terms, row, block, channel, channels, first, second);
  }
}

template <class T>
struct Moments {
  const typename T::Value* x;
  const float* shift;
  void Add(int64_t at, int64_t channel, Mask lanes, Vector* sum, Vector* squares) const {
    const Vector value = Minus(T::Load(x + at + channel, lanes), F32::Load(shift + channel, lanes));
    *sum = Plus(*sum, value);
    *squares = Fused(value, value, *squares);
  }
};

template <class T>
struct Products {
  const typename T::Value* g;
  const typename T::Value* y;
  const float* shift;
  void Add(int64_t at, int64_t channel, Mask lanes, Vector* sum, Vector* products) const {
    const Vector gradient = T::Load(g + at + channel, lanes);
    const Vector value = Minus(T::Load(y + at + channel, lanes), F32::Load(shift + channel, lanes));
    *sum = Plus(*sum, gradient);
    *products = Fused(gradient, value, *products);
  }
};

template <class T>
struct Values {
  using Value = typename T::Value;
  const Value* x;
  const Value* y;
  Value* out;
};

template <class T>
void MapRows(const Values<T>& values, int64_t rows, int64_t channels, const float* a,
             const float* b, const float* c) {
  for (int64_t at = 0; at < rows * channels; at += channels) {
    for (int64_t channel = 0; channel < channels; channel += 16) {
      const Mask lanes = Lanes(channel, channels);
      const int64_t i = at + channel;
      Vector v = Fused(T::Load(values.x + i, lanes), F32::Load(a + channel, lanes),
                       F32::Load(c + channel, lanes));
      if (values.y != nullptr) {
        v = Fused(T::Load(values.y + i, lanes), F32::Load(b + channel, lanes), v);
      }
      T::Store(values.out + i, lanes, v);
    }
  }
}

template <class T>
const typename T::Value* As(const void* p) {
  return static_cast<const typename T::Value*>(p);
}

void AddMoments(Type type, const void* x, int64_t rows, int64_t channels, const float* shift,
                double* sums, double* squares) {
  ForType(type, [&](auto t) {
    using T = decltype(t);
    AddRows(Moments<T>{As<T>(x), shift}, rows, channels, sums, squares);
  });
}

void AddProducts(Type type, const void* g, const void* y, int64_t rows, int64_t channels,
                 const float* shift, double* sums, double* products) {
  ForType(type, [&](auto t) {
    using T = decltype(t);
    AddRows(Products<T>{As<T>(g), As<T>(y), shift}, rows, channels, sums, products);
  });
}

void Affine(Type type, const void* x, const void* y, int64_t rows, int64_t channels, const float* a,
            const float* b, const float* c, void* out) {
  ForType(type, [&](auto t) {
    using T = decltype(t);
    MapRows(Values<T>{As<T>(x), As<T>(y), static_cast<typename T::Value*>(out)}, rows, channels, a,
            b, c);
  });
}

}  // namespace

void PutChannels(Variant* variant) {
  variant->add_moments = AddMoments;
  variant->add_products = AddProducts;
  variant->affine = Affine;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
