// Linked before the engine, makes its processor one without AVX-512.
#include "worker/engine/kernels/variant.h"

namespace makeover::engine::kernels {

bool HasAvx512() { return false; }

bool HasAvx512ForBfloat16() { return false; }

bool HasAvx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

}  // namespace makeover::engine::kernels
