// Speed of the convolution kernels alone, on one thread: every convolution of `classic`'s generator
// at 80x100, through which a picture goes in a conversion.
//
//     kernel_bench [fp32|bf16 [PART_OF_NAME]]
//
// Prints for each the time of a picture, and billions of multiplications and additions a second:
// those of a direct sum, and those that are done. Without what a block adds to a result, which
// reads as much again.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {
namespace {

struct Layer {
  const char* name;
  Method method;
  int64_t height, width;  // of the input
  int64_t inputs, outputs;
  int taps = 3;
};

constexpr Layer kLayers[] = {
    {"block 0, conv 1", Method::kWinograd, 100, 80, 24, 24},
    {"block 0, conv 2, halved", Method::kPooled, 100, 80, 24, 24},
    {"block 1, projection", Method::kDirect, 50, 40, 24, 48, 1},
    {"block 1, conv 1", Method::kWinograd, 50, 40, 48, 48},
    {"block 1, conv 2, halved", Method::kPooled, 50, 40, 48, 48},
    {"block 2, projection", Method::kDirect, 25, 20, 48, 96, 1},
    {"blocks 2 and 3, each", Method::kWinograd, 25, 20, 96, 96},
    {"block 4, projection", Method::kDirect, 25, 20, 96, 64, 1},
    {"block 4, conv 1, doubled", Method::kDoubled, 25, 20, 64, 64},
    {"blocks 4 and 5, each", Method::kWinograd, 50, 40, 64, 64},
    {"block 6, projection", Method::kDirect, 50, 40, 64, 48, 1},
    {"block 6, conv 1, doubled", Method::kDoubled, 50, 40, 48, 48},
    {"block 6, conv 2", Method::kWinograd, 100, 80, 48, 48},
    {"block 7, conv 1", Method::kDirect, 100, 80, 48, 48, 1},
};

constexpr int64_t kPictures = 8;

// Memory at a boundary of 64 bytes, which begins as zeros.
class Block {
 public:
  explicit Block(size_t bytes) : data_(std::aligned_alloc(64, (bytes + 127) / 64 * 64)) {
    std::memset(data_, 0, (bytes + 127) / 64 * 64);
  }
  ~Block() { std::free(data_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  void* data() const { return data_; }

 private:
  void* data_;
};

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of a picture: the median of rounds.
double Measure(Type type, const Layer& layer) {
  const int64_t scale = layer.method == Method::kDoubled ? 2 : 1;
  const int64_t part = layer.method == Method::kPooled ? 2 : 1;
  const size_t value = type == Type::kFloat32 ? 4 : 2;
  Gather gather;
  gather.type = type;
  gather.method = layer.method;
  gather.window = {layer.height, layer.width,       layer.inputs,      1, layer.taps,
                   layer.taps,   -(layer.taps / 2), -(layer.taps / 2), 0};
  gather.places_y = layer.height / part;
  gather.places_x = layer.width / part;
  gather.out_height = layer.height * scale / part;
  gather.out_width = layer.width * scale / part;
  gather.outputs = layer.outputs;
  const auto places = static_cast<size_t>(kPictures * gather.out_height * gather.out_width);
  const Block in(static_cast<size_t>(kPictures * layer.height * layer.width * layer.inputs) *
                 value);
  const Block out(places * static_cast<size_t>(layer.outputs) * value);
  const std::vector<float> bias(static_cast<size_t>(PaddedOutputs(layer.outputs)), 0.5F);
  std::vector<float> taps(
      static_cast<size_t>(layer.taps * layer.taps * layer.inputs * layer.outputs), 0.01F);
  const WeightView view = {taps.data(),
                           layer.taps,
                           layer.taps,
                           layer.inputs,
                           layer.outputs,
                           layer.taps,
                           1,
                           layer.taps * layer.taps,
                           layer.taps * layer.taps * layer.inputs};
  const Block packed(PackedWeightBytes(type, layer.method, view));
  PackWeights(type, layer.method, view, 0, PaddedOutputs(layer.outputs), packed.data());
  gather.in = in.data();
  gather.out = out.data();
  gather.weights = packed.data();
  gather.epilogue.bias = bias.data();
  const Block scratch(ScratchBytes(gather));
  std::vector<double> rounds;
  for (const double end = Seconds() + 0.5; rounds.size() < 5 || Seconds() < end;) {
    const double begin = Seconds();
    Convolve(gather, 0, kPictures * Strips(gather), scratch.data());
    rounds.push_back((Seconds() - begin) / kPictures);
  }
  std::nth_element(rounds.begin(), rounds.begin() + static_cast<int64_t>(rounds.size() / 2),
                   rounds.end());
  return rounds[rounds.size() / 2];
}

// Share of a direct sum's multiplications.
double Work(Method method) {
  if (method == Method::kDirect) return 1;
  return method == Method::kWinograd ? 16. / 36 : 9. / 36;
}

int Main(const std::string& precision, const char* part) {
  const Type type = precision == "fp32" ? Type::kFloat32 : Type::kBfloat16;
  if (!Available(type)) {
    std::fprintf(stderr, "kernel_bench: this processor has no kernels for %s\n", precision.c_str());
    return 1;
  }
  double total = 0;
  for (const Layer& layer : kLayers) {
    if (std::strstr(layer.name, part) == nullptr) continue;
    const double seconds = Measure(type, layer);
    const int64_t scale = layer.method == Method::kDoubled ? 4 : 1;
    const double direct =
        2e-9 * static_cast<double>(scale * layer.height * layer.width * layer.inputs *
                                   layer.outputs * layer.taps * layer.taps);
    std::printf("%-28s %8.1f us %6.0f GFLOPS as a direct sum, %4.0f done\n", layer.name,
                1e6 * seconds, direct / seconds, direct * Work(layer.method) / seconds);
    total += seconds * (std::strstr(layer.name, "each") == nullptr ? 1
                        : layer.inputs == 96                       ? 4
                                                                   : 3);
  }
  std::printf("%-28s %8.1f us\n", "all", 1e6 * total);
  return 0;
}

}  // namespace
}  // namespace makeover::engine::kernels

int main(int count, char** words) {
  return makeover::engine::kernels::Main(count > 1 ? words[1] : "bf16", count > 2 ? words[2] : "");
}
