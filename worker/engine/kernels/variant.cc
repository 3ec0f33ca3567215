#include "worker/engine/kernels/parts.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

Variant Assembled() {
  Variant variant = {};
  PutConvolutions(&variant);
  PutWeightGradients(&variant);
  PutChannels(&variant);
  PutNarrow(&variant);
  PutChange(&variant);
  return variant;
}

}  // namespace

const Variant& Functions() {
  static const Variant functions = Assembled();
  return functions;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
