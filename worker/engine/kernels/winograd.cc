#include "worker/engine/kernels/winograd.h"

#include <cstring>

#include "worker/engine/kernels/ahead.h"
#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/finish.h"
#include "worker/engine/kernels/lines.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/tile.h"
#include "worker/engine/kernels/unrolled.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/winograd_layout.h"
#include "worker/engine/kernels/winograd_weights.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {
namespace {

template <class T, class Shape>
class Winograd {
 public:
  using Value = typename T::Value;

  Winograd(const Gather& gather, void* scratch)
      : gather_(gather), layout_(TileLayoutOf<T, Shape>(gather)) {
    char* at = static_cast<char*>(scratch);
    zeros_ = reinterpret_cast<Value*>(at);
    inputs_ = reinterpret_cast<Value*>(at + layout_.zero_bytes);
    sums_ = reinterpret_cast<float*>(at + layout_.zero_bytes + layout_.input_bytes);
    std::memset(zeros_, 0, static_cast<size_t>(layout_.zero_bytes));
  }

  void ConvolveStrip(int64_t picture, int64_t number) {
    const int64_t first = number * layout_.lines;
    const int64_t left = layout_.tiles_y - first;
    const int64_t lines = left < layout_.lines ? left : layout_.lines;
    tiles_ = lines * layout_.tiles_x;
    TransformInputs(picture, first, lines);
    ahead_ = InputsOf(picture, first + lines, lines);
    WithFinish<T>(gather_, picture, [&](const auto& finish) {
      for (int64_t group = 0; group < layout_.groups.groups; ++group) {
        if constexpr (kSumsAreResults<Shape>) {
          MultiplyToResults(finish, first, lines, group);
        } else {
          Multiply(group);
          TransformResults(finish, first, lines, group);
        }
      }
    });
  }

 private:
  // The lines of inputs that these lines of tiles are the first to read.
  Ahead InputsOf(int64_t picture, int64_t first, int64_t lines) const {
    const Window& window = gather_.window;
    const int64_t line_bytes = window.width * window.channels * int64_t{sizeof(Value)};
    const int64_t kept = Shape::kInputs - Shape::kStep;
    const int64_t y = first * Shape::kStep + window.first_dy + kept;
    const int64_t rest = window.height - y;
    const int64_t count = lines * Shape::kStep < rest ? lines * Shape::kStep : rest;
    return {static_cast<const char*>(gather_.in) + (picture * window.height + y) * line_bytes,
            (count > 0 ? count : 0) * line_bytes};
  }

  void TransformInputs(int64_t picture, int64_t first, int64_t lines) {
    const Window& window = gather_.window;
    const int64_t offset = picture * window.height * window.width * window.channels;
    TileLines<T, Shape> source(window, static_cast<const Value*>(gather_.in) + offset, zeros_);
    for (int64_t line = 0; line < lines; ++line) {
      source.Seek(first + line);
      Value* to = inputs_ + line * layout_.tiles_x * layout_.TileStride();
      for (int64_t c = 0; c < layout_.channels; c += 16)
        TransformLine16(source, c, to + TileLayout<T, Shape>::kWidth * c);
    }
  }

  void TransformLine16(const TileLines<T, Shape>& source, int64_t channel, Value* to) const {
    const Mask lanes = Lanes(channel, layout_.channels);
    const int64_t tile_stride = layout_.TileStride();
    const int64_t product_stride = layout_.ProductStride(tiles_);
    const auto store = [=](int64_t tile, size_t line, const Vectors<Shape::kPlaces>* values,
                           auto all) __attribute__((always_inline)) {
      constexpr size_t kWidth = TileLayout<T, Shape>::kWidth;
      constexpr size_t kCount = Shape::kPlaces / kWidth;
      Value* at = to + tile * tile_stride + static_cast<int64_t>(line * kCount) * product_stride;
      Unrolled<kCount>([&](auto i) {
        Value* there = at + static_cast<int64_t>(i) * product_stride;
        if constexpr (kWidth == 2) {
          T::StoreTwo(there, (*values)[2 * i], (*values)[2 * i + 1]);
        } else {
          T::Store(there, all ? kAllLanes : lanes, (*values)[i]);
        }
      });
    };
    source.template Transform<1>(layout_.tiles_x, channel, store);
  }

  // Sums of some rows, for some products one behind the other.
  struct Product {
    const char* left;
    ptrdiff_t row_bytes;
    const char* right;
    int64_t steps;
    const float* bias;  // or null
    int64_t blocks;     // of rows, one behind the other
    float* sums;

    template <int kRows, int kVectors>
    [[gnu::noinline]] void Run() const {
      const char* from = left;
      float* to = sums;
      const Product p = *this;
      for (int64_t block = 0; block < p.blocks; ++block) {
        Tile<T, kRows, kVectors> tile(p.bias);
        const Operands operands = {from, p.row_bytes, 4, p.right, p.steps};
        if constexpr (kPaired<T, Shape>) {
          tile.AddParts(operands, 2 * 16 * int64_t{sizeof(Value)});
        } else {
          tile.Add(operands);
        }
        tile.template Store<kSumStride<Shape>>(to);
        from += kRows * p.row_bytes;
        to += kRows * kVectors * kSumStride<Shape>;
      }
    }
  };

  int64_t Steps() const { return layout_.channels / T::kPair; }
  const char* WeightsOf(int64_t group, int64_t product) const {
    return static_cast<const char*>(gather_.weights) +
           (group * kProducts<Shape> + product) * Steps() * layout_.groups.vectors * 64;
  }

  // [tile, vector, product, 16]
  [[gnu::noinline]] void Multiply(int64_t group) {
    const int vectors = layout_.groups.vectors;
    const int64_t row_bytes = layout_.TileStride() * int64_t{sizeof(Value)};
    const int64_t rows_most = EvenPart(tiles_, RowsMax(vectors));
    const int64_t blocks = tiles_ / rows_most;
    const auto rest = static_cast<int>(tiles_ % rows_most);
    for (int64_t product = 0; product < kProducts<Shape>; ++product) {
      if (group == 0) ahead_.Fetch(product, kProducts<Shape>);
      const char* left =
          reinterpret_cast<const char*>(inputs_ + layout_.ProductAt(product, tiles_));
      float* sums = sums_ + product * 16;
      const float* bias =
          product == kWholeProduct<Shape> ? BiasOf(gather_, group * vectors * 16) : nullptr;
      ForTile(vectors, static_cast<int>(rows_most),
              Product{left, row_bytes, WeightsOf(group, product), Steps(), bias, blocks, sums});
      if (rest == 0) continue;
      const int64_t done = blocks * rows_most;
      ForTile(vectors, rest,
              Product{left + done * row_bytes, row_bytes, WeightsOf(group, product), Steps(), bias,
                      1, sums + done * vectors * kSumStride<Shape>});
    }
  }

  template <class Finish>
  void TransformResults(const Finish& finish, int64_t first, int64_t lines, int64_t group) const {
    const float* sums = sums_;
    for (int64_t y = 2 * first; y < 2 * (first + lines); y += 2) {
      for (int64_t tile = 0; tile < layout_.tiles_x;
           ++tile, sums += layout_.groups.vectors * kSumStride<Shape>)
        TransformTile(finish, y, 2 * tile, group, sums);
    }
  }

  int64_t OutputsY() const {
    return Shape::kMethod == Method::kWinograd ? gather_.places_y : gather_.out_height;
  }
  int64_t OutputsX() const {
    return Shape::kMethod == Method::kWinograd ? gather_.places_x : gather_.out_width;
  }

  template <class Finish>
  void TransformTile(const Finish& finish, int64_t y, int64_t x, int64_t group,
                     const float* sums) const {
    const bool two_rows = y + 1 < OutputsY();
    const bool two_columns = x + 1 < OutputsX();
    if (y >= OutputsY() || x >= OutputsX()) return;
    const auto upper_left = finish.AtOutput(y, x);
    const auto upper_right = finish.AtOutput(y, x + 1);
    const auto lower_left = finish.AtOutput(y + 1, x);
    const auto lower_right = finish.AtOutput(y + 1, x + 1);
    for (int64_t n = 0; n < layout_.groups.vectors; ++n, sums += kSumStride<Shape>) {
      const int64_t channel = (group * layout_.groups.vectors + n) * 16;
      const Block results = Results16(sums);
      const Mask lanes = Lanes(channel, gather_.outputs);
      if (two_rows && two_columns && lanes == kAllLanes) {
        finish.Store16(upper_left, channel, kAllLanes, results.upper[0]);
        finish.Store16(upper_right, channel, kAllLanes, results.upper[1]);
        finish.Store16(lower_left, channel, kAllLanes, results.lower[0]);
        finish.Store16(lower_right, channel, kAllLanes, results.lower[1]);
        continue;
      }
      finish.Store16(upper_left, channel, lanes, results.upper[0]);
      if (two_columns) finish.Store16(upper_right, channel, lanes, results.upper[1]);
      if (two_rows) finish.Store16(lower_left, channel, lanes, results.lower[0]);
      if (two_rows && two_columns) finish.Store16(lower_right, channel, lanes, results.lower[1]);
    }
  }

  struct Block {
    Vectors<2> upper, lower;
  };
  [[gnu::always_inline]] static Block Results16(const float* sums) {
    constexpr size_t kPlaces = Shape::kPlaces;
    Vectors<kPlaces> upper;
    Vectors<kPlaces> lower;
    Unrolled<kPlaces>([&](auto x) {
      Vectors<kPlaces> column;
      Unrolled<kPlaces>([&](auto y) { column[y] = Load16(sums + (y * kPlaces + x) * 16); });
      const Vectors<2> both = Shape::Results(column);
      upper[x] = both[0];
      lower[x] = both[1];
    });
    return {Shape::Results(upper), Shape::Results(lower)};
  }

  template <class Finish>
  void MultiplyToResults(const Finish& finish, int64_t first, int64_t lines, int64_t group) {
    const int vectors = layout_.groups.vectors;
    const int64_t row_bytes = layout_.TileStride() * int64_t{sizeof(Value)};
    const int64_t rows_most = EvenPart(layout_.tiles_x, RowsMax(vectors));
    const char* left = reinterpret_cast<const char*>(inputs_);
    alignas(64) float sums[kTileSumsMax];
    for (int64_t line = 0; line < lines; ++line) {
      if (group == 0) ahead_.Fetch(line, lines);
      for (int64_t x = 0; x < layout_.tiles_x; x += rows_most) {
        const int64_t rest = layout_.tiles_x - x;
        const auto rows = static_cast<int>(rest < rows_most ? rest : rows_most);
        ForTile(vectors, rows,
                Product{left, row_bytes, WeightsOf(group, 0), Steps() * kProducts<Shape>,
                        BiasOf(gather_, group * vectors * 16), 1, sums});
        left += rows * row_bytes;
        finish.Store(first + line, x, rows, group * vectors * 16, vectors, sums);
      }
    }
  }

  const Gather& gather_;
  TileLayout<T, Shape> layout_;
  Value* zeros_;
  Value* inputs_;
  float* sums_;
  Ahead ahead_ = {nullptr, 0};
  int64_t tiles_ = 0;  // of the strip
};

template <class T, class Shape>
struct Instance {
  static void Pack(const WeightView& weights, int64_t output_begin, int64_t output_end,
                   void* packed) {
    PackTransformed<T, Shape>(weights, output_begin, output_end, static_cast<char*>(packed));
  }
  static int64_t Strips(const Gather& gather) {
    const TileLayout<T, Shape> layout = TileLayoutOf<T, Shape>(gather);
    return DivideUp(layout.tiles_y, layout.lines);
  }
  static size_t ScratchBytes(const Gather& gather) {
    return static_cast<size_t>(TileLayoutOf<T, Shape>(gather).Bytes());
  }
  static void Convolve(const Gather& gather, int64_t begin, int64_t end, void* scratch) {
    Winograd<T, Shape> winograd(gather, scratch);
    const int64_t strips = Strips(gather);
    for (int64_t item = begin; item < end; ++item)
      winograd.ConvolveStrip(item / strips, item % strips);
  }
};

template <class T, class Work>
auto ForShape(Method method, const Work& work) {
  if (method == Method::kPooled) return work(Instance<T, PooledShape>());
  if (method == Method::kDoubled) return work(Instance<T, DoubledShape>());
  return work(Instance<T, PlainShape>());
}

template <class Work>
auto For(Type type, Method method, const Work& work) {
  return ForType(type, [&](auto t) { return ForShape<decltype(t)>(method, work); });
}

}  // namespace

int64_t ProductsOf(Method method) {
  return method == Method::kWinograd ? kProducts<PlainShape> : kProducts<PooledShape>;
}

void PackWinogradWeights(Type type, Method method, const WeightView& weights, int64_t output_begin,
                         int64_t output_end, void* packed) {
  For(type, method,
      [&](auto instance) { instance.Pack(weights, output_begin, output_end, packed); });
}

int64_t WinogradStrips(const Gather& gather) {
  return For(gather.type, gather.method, [&](auto instance) { return instance.Strips(gather); });
}

size_t WinogradScratchBytes(const Gather& gather) {
  return For(gather.type, gather.method,
             [&](auto instance) { return instance.ScratchBytes(gather); });
}

void WinogradConvolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch) {
  For(gather.type, gather.method,
      [&](auto instance) { instance.Convolve(gather, item_begin, item_end, scratch); });
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
