#include <cstring>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/lines.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/tile.h"
#include "worker/engine/kernels/unrolled.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/weight_gradient.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

// What is transformed at once stays in the second-level cache, as far as the sums leave room.
constexpr int64_t kStripBytes = 448 << 10;

template <class Shape>
constexpr int64_t kSquare = Shape::kPlaces* Shape::kPlaces;

// Sizes and places in scratch for `lines` lines of tiles. Tiles lie in pairs, as products take
// them.
template <class T, class Shape>
struct Layout {
  using Value = typename T::Value;
  using Gradient = typename Shape::Gradient;

  Layout(const WeightGradient& work, int64_t lines_of_strip)
      : lines(lines_of_strip),
        tiles_x(DivideUp(work.places_x, Gradient::kStep)),
        tiles_y(DivideUp(work.places_y, Gradient::kStep)),
        pairs(DivideUp(tiles_x, T::kPair)),
        left_channels(DivideUp(PaddedInputs(work.inputs(), work.outputs), 16) * 16),
        groups(GroupsOf(work.outputs)),
        right_channels(PaddedOutputs(work.outputs)) {
    const int64_t left = work.window.width * work.window.channels;
    const int64_t right = work.places_x * work.outputs;
    zero_bytes = DivideUp((left > right ? left : right) * int64_t{sizeof(Value)}, 64) * 64;
    left_bytes = kSquare<Shape> * lines * pairs * left_channels * 4;
    right_bytes = kSquare<Gradient> * lines * pairs * right_channels * 4;
  }
  int64_t Bytes() const { return zero_bytes + left_bytes + right_bytes; }

  int64_t lines;
  int64_t tiles_x, tiles_y;
  int64_t pairs;  // of tiles in a line
  int64_t left_channels;
  OutputGroups groups;
  int64_t right_channels;
  int64_t zero_bytes, left_bytes, right_bytes;
};

template <class T, class Shape>
Layout<T, Shape> LayoutOf(const WeightGradient& work) {
  const Layout<T, Shape> line(work, 1);
  const int64_t fit = (kStripBytes - line.zero_bytes) / (line.left_bytes + line.right_bytes);
  // Lines of several pictures share a strip.
  return Layout<T, Shape>(work, fit > 1 ? fit : 1);
}

// Collects transformed lines of tiles, and multiplies them when the strip is full.
template <class T, class Shape>
class Collector {
 public:
  using Value = typename T::Value;
  using Gradient = typename Shape::Gradient;

  Collector(const WeightGradient& work, float* sums, void* scratch)
      : work_(work), layout_(LayoutOf<T, Shape>(work)), sums_(sums) {
    char* at = static_cast<char*>(scratch);
    zeros_ = reinterpret_cast<const Value*>(at);
    std::memset(at, 0, static_cast<size_t>(layout_.zero_bytes));
    left_ = at + layout_.zero_bytes;
    right_ = left_ + layout_.left_bytes;
  }

  void Add(int64_t picture) {
    const Window& window = work_.window;
    const Window gradient = {work_.places_y, work_.places_x, work_.outputs, 1, 1, 1, 0, 0,
                             work_.slope};
    TileLines<T, Shape> left(window, Picture(work_.in, window, picture), zeros_);
    TileLines<T, Gradient> right(gradient, Picture(work_.gradient, gradient, picture), zeros_);
    for (int64_t line = 0; line < layout_.tiles_y; ++line) {
      left.Seek(line);
      right.Seek(line);
      PackLeft(left);
      PackRight(right);
      if (++lines_ == layout_.lines) Flush();
    }
  }

  // Adds what is left.
  void Flush() {
    if (lines_ > 0) Multiply();
    lines_ = 0;
  }

 private:
  static const Value* Picture(const void* pictures, const Window& window, int64_t picture) {
    return static_cast<const Value*>(pictures) +
           picture * window.height * window.width * window.channels;
  }

  // Bytes from one product to the next.
  int64_t LeftStride() const { return layout_.lines * layout_.pairs * layout_.left_channels * 4; }
  int64_t RightStride() const {
    return layout_.lines * layout_.pairs * layout_.groups.vectors * int64_t{64};
  }

  // To [product, line, pair, channel].
  void PackLeft(const TileLines<T, Shape>& source) const {
    char* to = left_ + lines_ * layout_.pairs * layout_.left_channels * 4;
    for (int64_t c = 0; c < layout_.left_channels; c += 16)
      PackLine(source, c, layout_.left_channels * 4, LeftStride(), to + c * 4);
  }

  // To [group, product, line, pair, channel].
  void PackRight(const TileLines<T, Gradient>& source) const {
    const int64_t vectors = layout_.groups.vectors;
    for (int64_t n = 0; n < vectors * layout_.groups.groups; ++n) {
      char* to = right_ + n / vectors * kSquare<Gradient> * RightStride() +
                 (lines_ * layout_.pairs * vectors + n % vectors) * 64;
      PackLine(source, 16 * n, vectors * 64, RightStride(), to);
    }
  }

  template <class Source>
  void PackLine(const Source& source, int64_t channel, int64_t pair_bytes, int64_t stride,
                char* to) const {
    constexpr size_t kPlaces = Source::kPlaces;
    const auto store = [=](int64_t tile, size_t line, const Vectors<kPlaces>* values, auto /*all*/)
        __attribute__((always_inline)) {
      char* at = to + tile / T::kPair * pair_bytes + static_cast<int64_t>(line * kPlaces) * stride;
      Unrolled<kPlaces>([&](auto i) {
        StoreBits(at + static_cast<int64_t>(i) * stride,
                  T::Pair(values[0][i], values[T::kPair - 1][i]));
      });
    };
    source.template Transform<T::kPair>(layout_.tiles_x, channel, store);
  }

  struct Product {
    const char* left;
    ptrdiff_t left_step;
    const char* right;
    int64_t steps;
    float* sums;
    int64_t sums_stride;

    template <int kRows, int kVectors>
    void Run() const {
      Tile<T, kRows, kVectors> tile;
      tile.Add({left, 4, left_step, right, steps});
      tile.AddTo(sums, sums_stride);
    }
  };

  void Multiply() const {
    const OutputGroups& groups = layout_.groups;
    const int64_t padded = PaddedInputs(work_.inputs(), work_.outputs);
    const auto rows = static_cast<int>(EvenPart(work_.inputs(), RowsMax(groups.vectors)));
    for (int64_t product = 0; product < kSquare<Shape>; ++product) {
      for (int64_t group = 0; group < groups.groups; ++group) {
        const int64_t gradient = kSquare<Gradient> == 1 ? 0 : product;
        const char* right = right_ + (group * kSquare<Gradient> + gradient) * RightStride();
        for (int64_t input = 0; input < padded; input += rows) {
          float* sums = sums_ + (product * padded + input) * layout_.right_channels +
                        group * groups.vectors * 16;
          ForTile(groups.vectors, rows,
                  Product{left_ + product * LeftStride() + input * 4, layout_.left_channels * 4,
                          right, lines_ * layout_.pairs, sums, layout_.right_channels});
        }
      }
    }
  }

  const WeightGradient& work_;
  Layout<T, Shape> layout_;
  float* sums_;
  const Value* zeros_;
  char* left_;
  char* right_;
  int64_t lines_ = 0;  // in the strip
};

// The weights' gradients of 16 outputs from their products' sums, which lie `stride` apart.
template <class Shape>
void WeightGradients16(const float* sums, int64_t stride, int64_t parts, int64_t part_stride,
                       Vector* gradients) {
  constexpr size_t kPlaces = Shape::kPlaces;
  Vectors<3> columns[kPlaces];
  for (size_t x = 0; x < kPlaces; ++x) {
    Vectors<kPlaces> column;
    for (size_t y = 0; y < kPlaces; ++y) {
      const float* at = sums + static_cast<int64_t>(y * kPlaces + x) * stride;
      column[y] = Load16(at);
      for (int64_t part = 1; part < parts; ++part)
        column[y] = Plus(column[y], Load16(at + part * part_stride));
    }
    columns[x] = Shape::WeightGradients(column);
  }
  for (size_t y = 0; y < 3; ++y) {
    Vectors<kPlaces> line;
    for (size_t x = 0; x < kPlaces; ++x) line[x] = columns[x][y];
    const Vectors<3> taps = Shape::WeightGradients(line);
    for (size_t x = 0; x < 3; ++x) gradients[3 * y + x] = taps[x];
  }
}

template <class T, class Shape>
struct Instance {
  static size_t ScratchBytes(const WeightGradient& work) {
    return static_cast<size_t>(LayoutOf<T, Shape>(work).Bytes());
  }
  static void Add(const WeightGradient& work, int64_t begin, int64_t end, float* sums,
                  void* scratch) {
    Collector<T, Shape> collector(work, sums, scratch);
    for (int64_t picture = begin; picture < end; ++picture) collector.Add(picture);
    collector.Flush();
  }
  static void Gradients16(const float* sums, int64_t stride, int64_t parts, int64_t part_stride,
                          Vector* gradients) {
    WeightGradients16<Shape>(sums, stride, parts, part_stride, gradients);
  }
};

template <class Work>
auto For(const WeightGradient& work, const Work& run) {
  return ForType(work.type, [&](auto t) {
    using T = decltype(t);
    if (work.method == Method::kPooled) return run(Instance<T, PooledShape>());
    return run(Instance<T, PlainShape>());
  });
}

}  // namespace

size_t WinogradGradientScratchBytes(const WeightGradient& work) {
  return For(work, [&](auto instance) { return instance.ScratchBytes(work); });
}

void AddWinogradGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                         float* sums, void* scratch) {
  For(work, [&](auto instance) { instance.Add(work, picture_begin, picture_end, sums, scratch); });
}

void WinogradGradients16(const WeightGradient& work, const float* sums, int64_t stride,
                         int64_t parts, int64_t part_stride, Vector* gradients) {
  For(work,
      [&](auto instance) { instance.Gradients16(sums, stride, parts, part_stride, gradients); });
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
