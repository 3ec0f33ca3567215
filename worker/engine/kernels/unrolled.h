// Loops over what lies in registers.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

template <class Work, size_t... kIndex>
[[gnu::always_inline]] inline void Unroll(const Work& work,
                                          std::index_sequence<kIndex...> /*all*/) {
  (work(std::integral_constant<size_t, kIndex>()), ...);
}

// work(0) to work(kCount - 1), as constants and without a loop: only so does the compiler keep
// arrays in registers, wherever this is used.
template <size_t kCount, class Work>
[[gnu::always_inline]] inline void Unrolled(const Work& work) {
  Unroll(work, std::make_index_sequence<kCount>());
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
