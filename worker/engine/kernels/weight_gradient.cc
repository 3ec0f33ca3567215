#include "worker/engine/kernels/weight_gradient.h"

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/pack.h"
#include "worker/engine/kernels/parts.h"
#include "worker/engine/kernels/tile.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/winograd.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// What is packed at once stays in the second-level cache.
constexpr size_t kPackedBytes = 320 << 10;

// Of a window: up to 8x8.
constexpr int64_t kTapsMax = 64;

int64_t RoundUp(int64_t a, int64_t b) { return DivideUp(a, b) * b; }

// Inputs of a tile.
int64_t RowsOf(int64_t inputs, int64_t outputs) {
  return EvenPart(inputs, RowsMax(GroupsOf(outputs).vectors));
}

// Sizes and places in scratch for strips of `lines` lines of places.
template <class T>
struct Layout {
  using Value = typename T::Value;

  Layout(const WeightGradient& work, int64_t lines_of_strip)
      : lines(lines_of_strip),
        pairs(DivideUp(work.places_x, T::kPair)),
        input(work.window, pairs * T::kPair),
        gradient({work.places_y, work.places_x, work.outputs, 1, 1, 1, 0, 0, work.slope},
                 pairs * T::kPair),
        left_channels(RoundUp(PaddedInputs(work.inputs(), work.outputs), 16)),
        right_channels(PaddedOutputs(work.outputs)) {
    left_bytes = work.window.taps_x * input.LinesIn(lines) * pairs * left_channels * 4;
    right_bytes = lines * pairs * right_channels * 4;
    const size_t input_bytes = input.Bytes(lines);
    const size_t gradient_bytes = gradient.Bytes(lines);
    strip_bytes = RoundUp(
        static_cast<int64_t>(input_bytes > gradient_bytes ? input_bytes : gradient_bytes), 64);
  }
  size_t Bytes() const { return static_cast<size_t>(left_bytes + right_bytes + strip_bytes); }

  int64_t lines;
  int64_t pairs;  // of places in a line
  Strip<T> input, gradient;
  int64_t left_channels, right_channels;
  int64_t left_bytes, right_bytes, strip_bytes;
};

template <class T>
Layout<T> LayoutOf(const WeightGradient& work) {
  Layout<T> layout(work, work.places_y);
  while (layout.lines > 2 && layout.Bytes() > kPackedBytes)
    layout = Layout<T>(work, DivideUp(layout.lines, 2));
  return layout;
}

template <class T>
class Strips {
 public:
  using Value = typename T::Value;

  Strips(const WeightGradient& work, float* sums, void* scratch)
      : work_(work), layout_(LayoutOf<T>(work)), sums_(sums) {
    left_ = static_cast<char*>(scratch);
    right_ = left_ + layout_.left_bytes;
    strip_ = reinterpret_cast<Value*>(right_ + layout_.right_bytes);
  }

  void Add(int64_t picture) {
    const Window& window = work_.window;
    const Value* in = static_cast<const Value*>(work_.in) +
                      picture * window.height * window.width * window.channels;
    const Value* gradient = static_cast<const Value*>(work_.gradient) +
                            picture * work_.places_y * work_.places_x * work_.outputs;
    for (int64_t first = 0; first < work_.places_y; first += layout_.lines) {
      const int64_t left = work_.places_y - first;
      const int64_t lines = left < layout_.lines ? left : layout_.lines;
      PackLeft(in, first, lines);
      PackRight(gradient, first, lines);
      AddProducts(lines);
    }
  }

 private:
  int64_t LeftLineBytes() const { return layout_.pairs * layout_.left_channels * 4; }

  // [tap_x, line, pair, channel]
  void PackLeft(const Value* in, int64_t first, int64_t lines) {
    const Strip<T>& strip = layout_.input;
    strip.Pack(in, first, lines, strip_);
    const int64_t stride = work_.window.stride * strip.channels;
    char* to = left_;
    for (int tap = 0; tap < work_.window.taps_x; ++tap) {
      for (int64_t line = 0; line < strip.LinesIn(lines); ++line) {
        const Value* from = strip_ + (line * strip.width + tap) * strip.channels;
        for (int64_t pair = 0; pair < layout_.pairs; ++pair) {
          for (int64_t c = 0; c < layout_.left_channels; c += 16, to += 64) {
            StoreBits(to, T::Interleave(from + c, stride, Lanes(c, strip.channels)));
          }
          from += T::kPair * stride;
        }
      }
    }
  }

  // [group, line, pair, channel]
  void PackRight(const Value* gradient, int64_t first, int64_t lines) {
    const Strip<T>& strip = layout_.gradient;
    strip.Pack(gradient, first, lines, strip_);
    const OutputGroups groups = GroupsOf(work_.outputs);
    char* to = right_;
    for (int64_t group = 0; group < groups.groups; ++group) {
      const Value* from = strip_;
      for (int64_t pair = 0; pair < lines * layout_.pairs; ++pair) {
        for (int n = 0; n < groups.vectors; ++n, to += 64) {
          const int64_t c = (group * groups.vectors + n) * 16;
          StoreBits(to, T::Interleave(from + c, strip.channels, Lanes(c, strip.channels)));
        }
        from += T::kPair * strip.channels;
      }
    }
  }

  void AddProducts(int64_t lines) {
    const OutputGroups groups = GroupsOf(work_.outputs);
    const int64_t padded = PaddedInputs(work_.inputs(), work_.outputs);
    const int64_t rows = RowsOf(work_.inputs(), work_.outputs);
    const int64_t lines_in = layout_.input.LinesIn(lines);
    for (int64_t group = 0; group < groups.groups; ++group) {
      for (int tap = 0; tap < work_.window.taps_y * work_.window.taps_x; ++tap) {
        const int tap_y = tap / work_.window.taps_x;
        const int tap_x = tap % work_.window.taps_x;
        for (int64_t input = 0; input < padded; input += rows) {
          const Product product = {left_ + (tap_x * lines_in + tap_y) * LeftLineBytes() + input * 4,
                                   right_ + group * lines * layout_.pairs * groups.vectors * 64,
                                   lines,
                                   sums_ + (tap * padded + input) * layout_.right_channels +
                                       group * groups.vectors * 16};
          ForTile(groups.vectors, static_cast<int>(rows), TileWork{*this, product});
        }
      }
    }
  }

  struct Product {
    const char* left;
    const char* right;
    int64_t lines;
    float* sums;
  };

  struct TileWork {
    const Strips& strips;
    const Product& product;

    template <int kRows, int kVectors>
    void Run() const {
      const Layout<T>& layout = strips.layout_;
      Tile<T, kRows, kVectors> tile;
      const int64_t stride = strips.work_.window.stride;
      const ptrdiff_t step = layout.left_channels * 4;
      if (stride == 1) {  // Lines follow each other without a gap.
        tile.Add({product.left, 4, step, product.right, product.lines * layout.pairs});
      } else {
        for (int64_t y = 0; y < product.lines; ++y) {
          tile.Add({product.left + y * stride * strips.LeftLineBytes(), 4, step,
                    product.right + y * layout.pairs * kVectors * 64, layout.pairs});
        }
      }
      tile.AddTo(product.sums, layout.right_channels);
    }
  };

  const WeightGradient& work_;
  Layout<T> layout_;
  float* sums_;
  char* left_;
  char* right_;
  Value* strip_;
};

// Sums of each tap, one `stride` behind the other, of 16 outputs.
void AddParts16(const float* sums, int64_t taps, int64_t stride, int64_t parts, int64_t part_stride,
                Vector* gradients) {
  for (int64_t tap = 0; tap < taps; ++tap, sums += stride) {
    gradients[tap] = Load16(sums);
    for (int64_t part = 1; part < parts; ++part)
      gradients[tap] = Plus(gradients[tap], Load16(sums + part * part_stride));
  }
}

void Write16(const Vector* gradients, const Window& window, int64_t outputs,
             const WeightTarget& target, float* to) {
  for (int y = 0; y < window.taps_y; ++y) {
    for (int x = 0; x < window.taps_x; ++x, ++gradients) {
      alignas(64) float values[16];
      Store16(values, Times(*gradients, All(target.scale)));
      float* at = to + y * target.stride_y + x * target.stride_x;
      for (int64_t i = 0; i < outputs; ++i) at[i * target.stride_output] = values[i];
    }
  }
}

template <class T>
void AddPictures(const WeightGradient& work, int64_t begin, int64_t end, float* sums,
                 void* scratch) {
  Strips<T> strips(work, sums, scratch);
  for (int64_t picture = begin; picture < end; ++picture) strips.Add(picture);
}

int64_t SumsOf(const WeightGradient& work) {
  const int64_t products = work.method == Method::kDirect ? work.window.taps_y * work.window.taps_x
                                                          : ProductsOf(work.method);
  return products * PaddedInputs(work.inputs(), work.outputs) * PaddedOutputs(work.outputs);
}

size_t ScratchBytes(const WeightGradient& work) {
  if (work.method != Method::kDirect) return WinogradGradientScratchBytes(work);
  return ForType(work.type, [&](auto t) { return LayoutOf<decltype(t)>(work).Bytes(); });
}

void AddWeightGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                       float* sums, void* scratch) {
  if (work.method != Method::kDirect) {
    return AddWinogradGradient(work, picture_begin, picture_end, sums, scratch);
  }
  ForType(work.type, [&](auto t) {
    AddPictures<decltype(t)>(work, picture_begin, picture_end, sums, scratch);
  });
}

void WriteWeightGradient(const WeightGradient& work, const float* sums, int64_t parts,
                         int64_t input_begin, int64_t input_end, const WeightTarget& target) {
  const int64_t padded = PaddedOutputs(work.outputs);
  const int64_t stride = PaddedInputs(work.inputs(), work.outputs) * padded;
  const int64_t taps = work.window.taps_y * work.window.taps_x;
  Vector gradients[kTapsMax];
  for (int64_t input = input_begin; input < input_end; ++input) {
    for (int64_t output = 0; output < work.outputs; output += 16) {
      const float* at = sums + input * padded + output;
      if (work.method == Method::kDirect) {
        AddParts16(at, taps, stride, parts, SumsOf(work), gradients);
      } else {
        WinogradGradients16(work, at, stride, parts, SumsOf(work), gradients);
      }
      const int64_t rest = work.outputs - output;
      Write16(gradients, work.window, rest < 16 ? rest : 16, target,
              target.data + input * target.stride_input + output * target.stride_output);
    }
  }
}

}  // namespace

int64_t PaddedInputs(int64_t inputs, int64_t outputs) {
  return RoundUp(inputs, RowsOf(inputs, outputs));
}

void PutWeightGradients(Variant* variant) {
  variant->padded_inputs = PaddedInputs;
  variant->sum_count = SumsOf;
  variant->gradient_scratch_bytes = ScratchBytes;
  variant->add_weight_gradient = AddWeightGradient;
  variant->write_weight_gradient = WriteWeightGradient;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
