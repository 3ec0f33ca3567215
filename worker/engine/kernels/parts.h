// What each file of a variant puts into its table.
#pragma once

#include "worker/engine/kernels/variant.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

void PutConvolutions(Variant* variant);
void PutWeightGradients(Variant* variant);
void PutChannels(Variant* variant);
void PutNarrow(Variant* variant);
void PutChange(Variant* variant);

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
