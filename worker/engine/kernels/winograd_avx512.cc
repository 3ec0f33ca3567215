#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/finish.h"
#include "worker/engine/kernels/load_weights.h"
#include "worker/engine/kernels/pack.h"
#include "worker/engine/kernels/tile.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/winograd.h"

namespace makeover::engine::kernels {
namespace {

// What a strip of tiles needs stays in the second-level cache beside the weights.
constexpr int64_t kStripBytes = 256 << 10;

struct Four {
  __m512 a, b, c, d;
};

// A column of the input's transform: 1 0 -1 0 | 0 1 1 0 | 0 -1 1 0 | 0 1 0 -1.
inline Four TransformInput(const Four& x) {
  return {_mm512_sub_ps(x.a, x.c), _mm512_add_ps(x.b, x.c), _mm512_sub_ps(x.c, x.b),
          _mm512_sub_ps(x.b, x.d)};
}

// Of the weights': 1 0 0 | 1/2 1/2 1/2 | 1/2 -1/2 1/2 | 0 0 1.
inline Four TransformWeights(__m512 a, __m512 b, __m512 c) {
  const __m512 half = _mm512_set1_ps(0.5F);
  const __m512 outer = _mm512_add_ps(a, c);
  return {a, _mm512_mul_ps(half, _mm512_add_ps(outer, b)),
          _mm512_mul_ps(half, _mm512_sub_ps(outer, b)), c};
}

// Of the products': 1 1 1 0 | 0 1 -1 -1.
struct Two {
  __m512 a, b;
};
inline Two TransformSums(const Four& x) {
  const __m512 outer = _mm512_add_ps(x.a, x.b);
  return {_mm512_add_ps(outer, x.c), _mm512_sub_ps(_mm512_sub_ps(x.b, x.c), x.d)};
}

// 4x4 values of 16 outputs for one input.
void TransformedWeights(const WeightView& view, int64_t input, int64_t output,
                        __m512 (&values)[kWinogradPlaces]) {
  Four columns[3];
  for (int64_t x = 0; x < 3; ++x) {
    const auto tap = [&](int64_t y) {
      return LoadWeights(view, view.data + y * view.stride_y + x * view.stride_x, input, output);
    };
    columns[x] = TransformWeights(tap(0), tap(1), tap(2));
  }
  const auto row = [&](__m512 Four::*part, int64_t y) {
    const Four line = TransformWeights(columns[0].*part, columns[1].*part, columns[2].*part);
    values[4 * y] = line.a;
    values[4 * y + 1] = line.b;
    values[4 * y + 2] = line.c;
    values[4 * y + 3] = line.d;
  };
  row(&Four::a, 0);
  row(&Four::b, 1);
  row(&Four::c, 2);
  row(&Four::d, 3);
}

// To [place, group, step, 16 * vectors] of 32 bits each.
template <class T>
void Pack(const WeightView& view, char* packed) {
  const OutputGroups groups = GroupsOf(view.outputs);
  const int64_t vectors = groups.vectors * groups.groups;
  const int64_t steps = DivideUp(view.inputs, T::kPair);
  __m512 first[kWinogradPlaces];
  __m512 second[kWinogradPlaces];
  for (int64_t step = 0; step < steps; ++step) {
    for (int64_t n = 0; n < vectors; ++n) {
      TransformedWeights(view, step * T::kPair, 16 * n, first);
      if (T::kPair == 2) TransformedWeights(view, step * 2 + 1, 16 * n, second);
      const int64_t group = n / groups.vectors;
      const int64_t at = (group * steps + step) * groups.vectors + n % groups.vectors;
      for (int64_t place = 0; place < kWinogradPlaces; ++place) {
        _mm512_storeu_si512(packed + (place * vectors * steps + at) * 64,
                            T::Pair(first[place], second[place]));
      }
    }
  }
}

// Sizes of a strip of `lines` lines of tiles, and where its parts lie in scratch.
template <class T>
struct Layout {
  using Value = typename T::Value;

  Layout(const Gather& gather, int64_t lines_of_strip)
      : lines(lines_of_strip),
        tiles_x(DivideUp(gather.places_x, 2)),
        strip(gather.window, 2 * tiles_x),
        groups(GroupsOf(gather.outputs)) {
    const auto aligned = [](int64_t bytes) { return DivideUp(bytes, 64) * 64; };
    const int64_t tiles = lines * tiles_x;
    strip_bytes = aligned(static_cast<int64_t>(strip.Bytes(2 * lines)));
    input_bytes = aligned(kWinogradPlaces * tiles * strip.channels * int64_t{sizeof(Value)});
    sum_bytes = kWinogradPlaces * tiles * groups.vectors * 64;
  }
  int64_t Bytes() const { return strip_bytes + input_bytes + sum_bytes; }

  int64_t lines;
  int64_t tiles_x;
  Strip<T> strip;
  OutputGroups groups;
  int64_t strip_bytes, input_bytes, sum_bytes;
};

template <class T>
Layout<T> LayoutOf(const Gather& gather) {
  Layout<T> layout(gather, DivideUp(gather.places_y, 2));
  while (layout.lines > 1 && layout.Bytes() > kStripBytes)
    layout = Layout<T>(gather, DivideUp(layout.lines, 2));
  return layout;
}

template <class T>
class Winograd {
 public:
  using Value = typename T::Value;

  Winograd(const Gather& gather, void* scratch)
      : gather_(gather), layout_(LayoutOf<T>(gather)), strip_(static_cast<Value*>(scratch)) {
    char* at = static_cast<char*>(scratch) + layout_.strip_bytes;
    inputs_ = reinterpret_cast<Value*>(at);
    sums_ = reinterpret_cast<float*>(at + layout_.input_bytes);
  }

  int64_t Strips() const { return DivideUp(DivideUp(gather_.places_y, 2), layout_.lines); }

  void ConvolveStrip(int64_t picture, int64_t number) {
    const Window& window = gather_.window;
    const int64_t first = 2 * number * layout_.lines;
    const int64_t left = DivideUp(gather_.places_y - first, 2);
    const int64_t lines = left < layout_.lines ? left : layout_.lines;
    layout_.strip.Pack(static_cast<const Value*>(gather_.in) +
                           picture * window.height * window.width * window.channels,
                       first, 2 * lines, strip_);
    tiles_ = lines * layout_.tiles_x;
    TransformInputs();
    const Finish<T> finish(gather_, picture);
    for (int64_t group = 0; group < layout_.groups.groups; ++group) {
      Multiply(group);
      TransformResults(finish, first, group);
    }
  }

 private:
  // [place, tile, channel]
  void TransformInputs() {
    const int64_t channels = layout_.strip.channels;
    for (int64_t tile = 0; tile < tiles_; tile += layout_.tiles_x) {
      const Value* from = strip_ + 2 * (tile / layout_.tiles_x) * layout_.strip.width * channels;
      for (int64_t c = 0; c < channels; c += 16)
        TransformLine16(from + c, inputs_ + tile * channels + c, Lanes(c, channels));
    }
  }

  // A line of tiles: each one's last two columns are the first two of the next.
  void TransformLine16(const Value* from, Value* to, __mmask16 lanes) const {
    const int64_t place = layout_.strip.channels;
    const int64_t line = layout_.strip.width * place;
    const auto column = [&](int64_t x) {
      const Value* at = from + x * place;
      return TransformInput({T::Load(at, lanes), T::Load(at + line, lanes),
                             T::Load(at + 2 * line, lanes), T::Load(at + 3 * line, lanes)});
    };
    Four a = column(0);
    Four b = column(1);
    for (int64_t x = 0; x < layout_.tiles_x; ++x) {
      const Four c = column(2 * x + 2);
      const Four d = column(2 * x + 3);
      Value* at = to + x * place;
      StoreInputs(TransformInput({a.a, b.a, c.a, d.a}), 0, lanes, at);
      StoreInputs(TransformInput({a.b, b.b, c.b, d.b}), 4, lanes, at);
      StoreInputs(TransformInput({a.c, b.c, c.c, d.c}), 8, lanes, at);
      StoreInputs(TransformInput({a.d, b.d, c.d, d.d}), 12, lanes, at);
      a = c;
      b = d;
    }
  }

  void StoreInputs(const Four& values, int64_t first_place, __mmask16 lanes, Value* tile) const {
    const int64_t next = tiles_ * layout_.strip.channels;
    Value* to = tile + first_place * next;
    T::Store(to, lanes, values.a);
    T::Store(to + next, lanes, values.b);
    T::Store(to + 2 * next, lanes, values.c);
    T::Store(to + 3 * next, lanes, values.d);
  }

  struct Product {
    const char* left;
    ptrdiff_t row_bytes;
    const char* right;
    int64_t steps;
    float* sums;

    template <int kRows, int kVectors>
    void Run() const {
      Tile<T, kRows, kVectors> tile;
      tile.Add({left, row_bytes, 4, right, steps});
      tile.Store(sums);
    }
  };

  // [place, tile, 16 * vectors]
  void Multiply(int64_t group) {
    const OutputGroups& groups = layout_.groups;
    const int64_t steps = layout_.strip.channels / T::kPair;
    const int64_t row_bytes = layout_.strip.channels * int64_t{sizeof(Value)};
    const int64_t rows_most = EvenPart(tiles_, RowsMax(groups.vectors));
    const int64_t right_bytes = steps * groups.vectors * 64;
    for (int64_t place = 0; place < kWinogradPlaces; ++place) {
      const char* right =
          static_cast<const char*>(gather_.weights) + (place * groups.groups + group) * right_bytes;
      for (int64_t tile = 0; tile < tiles_; tile += rows_most) {
        const int64_t at = place * tiles_ + tile;
        const auto rows = static_cast<int>(tiles_ - tile < rows_most ? tiles_ - tile : rows_most);
        ForTile(groups.vectors, rows,
                Product{reinterpret_cast<const char*>(inputs_) + at * row_bytes, row_bytes, right,
                        steps, sums_ + at * groups.vectors * 16});
      }
    }
  }

  void TransformResults(const Finish<T>& finish, int64_t first, int64_t group) const {
    const int vectors = layout_.groups.vectors;
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      const int64_t y = first + 2 * (tile / layout_.tiles_x);
      const int64_t x = 2 * (tile % layout_.tiles_x);
      for (int n = 0; n < vectors; ++n) {
        const float* sums = sums_ + (tile * vectors + n) * 16;
        TransformResult16(finish, y, x, (group * vectors + n) * 16, sums);
      }
    }
  }

  void TransformResult16(const Finish<T>& finish, int64_t y, int64_t x, int64_t channel,
                         const float* sums) const {
    const int64_t next = tiles_ * layout_.groups.vectors * 16;
    Two columns[4];
    for (int64_t place = 0; place < 4; ++place) {
      const auto at = [&](int64_t line) {
        return _mm512_loadu_ps(sums + (4 * line + place) * next);
      };
      columns[place] = TransformSums({at(0), at(1), at(2), at(3)});
    }
    const Two upper = TransformSums({columns[0].a, columns[1].a, columns[2].a, columns[3].a});
    const Two lower = TransformSums({columns[0].b, columns[1].b, columns[2].b, columns[3].b});
    const bool two_rows = y + 1 < gather_.places_y;
    finish.Store16(y, x, channel, upper.a);
    if (two_rows) finish.Store16(y + 1, x, channel, lower.a);
    if (x + 1 >= gather_.places_x) return;
    finish.Store16(y, x + 1, channel, upper.b);
    if (two_rows) finish.Store16(y + 1, x + 1, channel, lower.b);
  }

  const Gather& gather_;
  Layout<T> layout_;
  Value* strip_;
  Value* inputs_;
  float* sums_;
  int64_t tiles_ = 0;  // of the strip
};

template <class T>
void ConvolveItems(const Gather& gather, int64_t begin, int64_t end, void* scratch) {
  Winograd<T> winograd(gather, scratch);
  const int64_t strips = winograd.Strips();
  for (int64_t item = begin; item < end; ++item)
    winograd.ConvolveStrip(item / strips, item % strips);
}

}  // namespace

void PackWinogradWeights(Type type, const WeightView& weights, void* packed) {
  if (type == Type::kBfloat16) {
    Pack<Bf16>(weights, static_cast<char*>(packed));
  } else {
    Pack<F32>(weights, static_cast<char*>(packed));
  }
}

int64_t WinogradStrips(const Gather& gather) {
  return gather.type == Type::kBfloat16 ? Winograd<Bf16>(gather, nullptr).Strips()
                                        : Winograd<F32>(gather, nullptr).Strips();
}

size_t WinogradScratchBytes(const Gather& gather) {
  return static_cast<size_t>(gather.type == Type::kBfloat16 ? LayoutOf<Bf16>(gather).Bytes()
                                                            : LayoutOf<F32>(gather).Bytes());
}

void WinogradConvolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch) {
  if (gather.type == Type::kBfloat16) {
    ConvolveItems<Bf16>(gather, item_begin, item_end, scratch);
  } else {
    ConvolveItems<F32>(gather, item_begin, item_end, scratch);
  }
}

}  // namespace makeover::engine::kernels
