// The end of the makeover generator, for inference.
#include "worker/engine/kernels/change.h"

#include "worker/engine/kernels/parts.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// e^x to a few units in the last place, by its series around the nearest multiple of ln 2.
Vector Exp(Vector x) {
  constexpr float kMost = 88;  // as much as fits into a float
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  // Where x is not a number, the second is returned.
  x = Max(All(-kMost), Min(All(kMost), x));
  const Vector n = Rounded(Times(x, All(1.44269504F)));
  Vector r = FusedNegative(n, All(kLn2High), x);
  r = FusedNegative(n, All(kLn2Low), r);
  Vector sum = All(1.0F / 5040);
  constexpr float kFactors[] = {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1, 1};
  for (const float factor : kFactors) sum = Fused(sum, r, All(factor));
  return TimesPowerOf2(sum, n);
}

// Of up to four places, whose masks are the last of each four lanes; the changes are in the others.
Vector Changes(Vector y) {
  const Vector one = All(1);
  // tanh(y) = 1 - 2 / (1 + e^2y), sigmoid(y) = 1 / (1 + e^-y)
  const Vector power = LastOf4(Plus(y, y), Minus(Zero(), y));
  const Vector part = Over(one, Plus(one, Exp(power)));
  const Vector mask = RepeatLastOf4(part);
  return Times(FusedNegative(All(2), part, one), mask);
}

template <class T>
void Change(const MaskedChange& work, int64_t begin, int64_t end) {
  constexpr int64_t kPlaces = 4;
  const auto* change = static_cast<const typename T::Value*>(work.change);
  for (int64_t row = begin; row < end; row += kPlaces) {
    const int64_t rows = end - row < kPlaces ? end - row : kPlaces;
    const Vector y = Changes(T::Load(change + row * 4, Lanes(0, rows * 4)));
    const Mask lanes = Lanes(0, rows * 3);
    const Vector picture = F32::Load(work.picture + row * 3, lanes);
    const Vector sum = Plus(picture, FirstThreeOf4(y));
    F32::Store(work.out + row * 3, lanes, sum);
  }
}

void ComputeMaskedChange(const MaskedChange& work, int64_t row_begin, int64_t row_end) {
  ForType(work.type, [&](auto t) { Change<decltype(t)>(work, row_begin, row_end); });
}

}  // namespace

void PutChange(Variant* variant) { variant->compute_masked_change = ComputeMaskedChange; }

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
