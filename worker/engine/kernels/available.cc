#include <cpuid.h>

#include "worker/engine/kernels/variant.h"

namespace makeover::engine::kernels {
namespace {

// GCC 12 knows no name for these two.
bool HasAmx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxBf16 = 1U << 22;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxBf16) != 0;
}

}  // namespace

bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

bool HasAvx512ForBfloat16() {
  // Asked once: a virtual machine's supervisor answers for the processor, and takes its time.
  static const bool has_amx = HasAmx();
  return HasAvx512() && __builtin_cpu_supports("avx512bf16") != 0 && !has_amx;
}

bool HasAvx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

}  // namespace makeover::engine::kernels
