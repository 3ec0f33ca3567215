#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/finish.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/load_weights.h"
#include "worker/engine/kernels/pack.h"
#include "worker/engine/kernels/parts.h"
#include "worker/engine/kernels/tile.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/winograd.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// A strip stays in the second-level cache beside the weights.
constexpr size_t kStripBytes = 96 << 10;

template <class T>
int64_t LinesOf(const Gather& gather) {
  const Strip<T> strip(gather.window, gather.places_x);
  int64_t lines = gather.places_y;
  while (lines > 2 && strip.Bytes(lines) > kStripBytes) lines = DivideUp(lines, 2);
  return lines;
}

// The tile's sums over all taps of one line of places.
struct TileInput {
  const char* left;
  ptrdiff_t place_bytes;  // from one place to the next
  ptrdiff_t line_bytes;
  int taps_y, taps_x;
  const char* weights;
  int64_t steps;  // of each tap
};

template <class T>
struct TileWork {
  const TileInput& in;
  const float* bias;  // or null
  float* sums;

  template <int kRows, int kVectors>
  [[gnu::noinline]] void Run() const {
    Tile<T, kRows, kVectors> tile(bias);
    const char* weights = in.weights;
    for (int y = 0; y < in.taps_y; ++y) {
      // Neighbouring taps of a line lie one behind the other in the strip.
      tile.Add({in.left + y * in.line_bytes, in.place_bytes, 4, weights, in.steps * in.taps_x});
      weights += in.steps * in.taps_x * kVectors * 64;
    }
    tile.Store(sums);
  }
};

template <class T>
void ConvolveStrip(const Gather& gather, int64_t picture, int64_t first, int64_t lines,
                   typename T::Value* packed) {
  const Window& window = gather.window;
  const Strip<T> strip(window, gather.places_x);
  strip.Pack(static_cast<const typename T::Value*>(gather.in) +
                 picture * window.height * window.width * window.channels,
             first, lines, packed);
  const OutputGroups outputs = GroupsOf(gather.outputs);
  const int64_t rows_most = EvenPart(gather.places_x, RowsMax(outputs.vectors));
  const ptrdiff_t tap_bytes = strip.channels / T::kPair * 4;
  const int64_t steps = strip.channels / T::kPair;
  TileInput in = {nullptr,
                  tap_bytes * window.stride,
                  tap_bytes * strip.width,
                  window.taps_y,
                  window.taps_x,
                  nullptr,
                  steps};
  const int64_t group_bytes = steps * window.taps_y * window.taps_x * outputs.vectors * 64;
  alignas(64) float sums[kTileSumsMax];
  WithFinish<T>(gather, picture, [&](const auto& finish) {
    for (int64_t group = 0; group < outputs.groups; ++group) {
      in.weights = static_cast<const char*>(gather.weights) + group * group_bytes;
      const float* bias = BiasOf(gather, group * outputs.vectors * 16);
      for (int64_t y = 0; y < lines; ++y) {
        for (int64_t x = 0; x < gather.places_x; x += rows_most) {
          const auto rows =
              static_cast<int>(gather.places_x - x < rows_most ? gather.places_x - x : rows_most);
          in.left = reinterpret_cast<const char*>(packed) + y * window.stride * in.line_bytes +
                    x * in.place_bytes;
          ForTile(outputs.vectors, rows, TileWork<T>{in, bias, sums});
          finish.Store(first + y, x, rows, group * outputs.vectors * 16, outputs.vectors, sums);
        }
      }
    }
  });
}

template <class T>
void ConvolveItems(const Gather& gather, int64_t begin, int64_t end, void* scratch) {
  const int64_t lines = LinesOf<T>(gather);
  const int64_t strips = DivideUp(gather.places_y, lines);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t first = item % strips * lines;
    const int64_t left = gather.places_y - first;
    ConvolveStrip<T>(gather, item / strips, first, left < lines ? left : lines,
                     static_cast<typename T::Value*>(scratch));
  }
}

// To [group, tap, step, 16 * vectors] of 32 bits each.
template <class T>
void Pack(const WeightView& view, int64_t output_begin, int64_t output_end, char* packed) {
  const OutputGroups groups = GroupsOf(view.outputs);
  const int64_t step_bytes = int64_t{64} * groups.vectors;
  const int64_t taps = view.taps_y * view.taps_x;
  const int64_t group_bytes = taps * DivideUp(view.inputs, T::kPair) * step_bytes;
  for (int64_t output = output_begin; output < output_end; output += 16) {
    const int64_t n = output / 16;
    char* to = packed + n / groups.vectors * group_bytes + n % groups.vectors * 64;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const float* from =
          view.data + tap / view.taps_x * view.stride_y + tap % view.taps_x * view.stride_x;
      for (int64_t input = 0; input < view.inputs; input += T::kPair, to += step_bytes) {
        StoreBits(to, T::Pair(LoadWeights(view, from, input, output),
                              LoadWeights(view, from, input + 1, output)));
      }
    }
  }
}

bool Suits(Method method, const WeightView& weights) {
  if (method == Method::kDirect) return true;
  // With few channels the transforms cost more than they save.
  const int64_t channels_min = method == Method::kWinograd ? 24 : 16;
  return weights.taps_y == 3 && weights.taps_x == 3 && weights.inputs >= channels_min &&
         weights.outputs >= channels_min;
}

size_t PackedWeightBytes(Type type, Method method, const WeightView& weights) {
  const int64_t steps =
      ForType(type, [&](auto t) { return DivideUp(weights.inputs, decltype(t)::kPair); });
  const int64_t taps =
      method == Method::kDirect ? weights.taps_y * weights.taps_x : ProductsOf(method);
  return static_cast<size_t>(taps * steps * PaddedOutputs(weights.outputs)) * 4;
}

void PackWeights(Type type, Method method, const WeightView& weights, int64_t output_begin,
                 int64_t output_end, void* packed) {
  if (method != Method::kDirect)
    return PackWinogradWeights(type, method, weights, output_begin, output_end, packed);
  ForType(type, [&](auto t) {
    Pack<decltype(t)>(weights, output_begin, output_end, static_cast<char*>(packed));
  });
}

int64_t Strips(const Gather& gather) {
  if (gather.method != Method::kDirect) return WinogradStrips(gather);
  return DivideUp(gather.places_y,
                  ForType(gather.type, [&](auto t) { return LinesOf<decltype(t)>(gather); }));
}

size_t ScratchBytes(const Gather& gather) {
  if (gather.method != Method::kDirect) return WinogradScratchBytes(gather);
  return ForType(gather.type, [&](auto t) {
    using T = decltype(t);
    return Strip<T>(gather.window, gather.places_x).Bytes(LinesOf<T>(gather));
  });
}

void Convolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch) {
  if (gather.method != Method::kDirect) {
    return WinogradConvolve(gather, item_begin, item_end, scratch);
  }
  ForType(gather.type,
          [&](auto t) { ConvolveItems<decltype(t)>(gather, item_begin, item_end, scratch); });
}

}  // namespace

void PutConvolutions(Variant* variant) {
  variant->padded_outputs = PaddedOutputs;
  variant->suits = Suits;
  variant->packed_weight_bytes = PackedWeightBytes;
  variant->pack_weights = PackWeights;
  variant->strips = Strips;
  variant->gather_scratch_bytes = ScratchBytes;
  variant->convolve = Convolve;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
