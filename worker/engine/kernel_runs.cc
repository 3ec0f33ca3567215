#include "worker/engine/kernel_runs.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>

namespace makeover::engine {
namespace {

using kernels::Gather;
using kernels::Type;

Type TypeOf(const torch::Tensor& x) {
  return x.scalar_type() == torch::kBFloat16 ? Type::kBfloat16 : Type::kFloat32;
}

torch::Tensor ChannelsLast(const torch::Tensor& x) {
  return x.contiguous(torch::MemoryFormat::ChannelsLast);
}

torch::Tensor EmptyPictures(const torch::Tensor& like, int64_t channels, int64_t height,
                            int64_t width) {
  return torch::empty({like.size(0), channels, height, width},
                      like.options().memory_format(torch::MemoryFormat::ChannelsLast));
}

// LibTorch aligns what it allocates to 64 bytes.
torch::Tensor Bytes(size_t count) {
  return torch::empty({static_cast<int64_t>(count)}, torch::kUInt8);
}

// One of `parts` even parts of the work, in its order: which thread computes it is no matter.
int64_t PartBegin(int64_t part, int64_t parts, int64_t work) { return work * part / parts; }

void ForParts(int64_t parts, const std::function<void(int64_t)>& run) {
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) run(part);
  });
}

int64_t PartsOf(int64_t work) { return std::min<int64_t>(work, at::get_num_threads()); }

torch::Tensor PaddedBias(const torch::Tensor& bias) {
  const torch::Tensor padded =
      torch::zeros({kernels::PaddedOutputs(bias.size(0))}, torch::kFloat32);
  padded.narrow(0, 0, bias.size(0)).copy_(bias.detach());
  return padded;
}

void Run(const Gather& gather, int64_t pictures) {
  const int64_t items = pictures * kernels::Strips(gather);
  const int64_t parts = PartsOf(items);
  ForParts(parts, [&](int64_t part) {
    const torch::Tensor scratch = Bytes(kernels::ScratchBytes(gather));
    kernels::Convolve(gather, PartBegin(part, parts, items), PartBegin(part + 1, parts, items),
                      scratch.data_ptr());
  });
}

kernels::WeightView ViewOf(const torch::Tensor& kernel) {
  kernels::WeightView view;
  view.data = kernel.data_ptr<float>();
  view.outputs = kernel.size(0);
  view.inputs = kernel.size(1);
  view.taps_y = kernel.size(2);
  view.taps_x = kernel.size(3);
  view.stride_output = kernel.stride(0);
  view.stride_input = kernel.stride(1);
  view.stride_y = kernel.stride(2);
  view.stride_x = kernel.stride(3);
  return view;
}

// A gather from x to out with the finish; tensors must live until it has run.
class Convolution {
 public:
  Convolution(const torch::Tensor& x, double slope, const Finish& finish, const torch::Tensor& out)
      : x_(ChannelsLast(x)), out_(out) {
    gather_.type = TypeOf(x);
    gather_.window.height = x.size(2);
    gather_.window.width = x.size(3);
    gather_.window.channels = x.size(1);
    gather_.window.slope = static_cast<float>(slope);
    gather_.in = x_.data_ptr();
    gather_.out = out_.data_ptr();
    gather_.out_height = out_.size(2);
    gather_.out_width = out_.size(3);
    gather_.outputs = out_.size(1);
    SetFinish(finish);
  }

  Gather& gather() { return gather_; }

  void Run(const kernels::WeightView& weights) {
    gather_.method = kernels::MethodFor(weights, gather_.window.stride, gather_.step);
    const torch::Tensor packed =
        Bytes(kernels::PackedWeightBytes(gather_.type, gather_.method, weights));
    kernels::PackWeights(gather_.type, gather_.method, weights, packed.data_ptr());
    gather_.weights = packed.data_ptr();
    gather_.window.taps_y = static_cast<int>(weights.taps_y);
    gather_.window.taps_x = static_cast<int>(weights.taps_x);
    engine::Run(gather_, x_.size(0));
  }

 private:
  void SetFinish(const Finish& finish) {
    kernels::Epilogue& epilogue = gather_.epilogue;
    if (finish.bias.defined()) {
      bias_ = PaddedBias(finish.bias);
      epilogue.bias = bias_.data_ptr<float>();
    }
    if (finish.mask.defined()) {
      mask_ = ChannelsLast(finish.mask);
      epilogue.mask = mask_.data_ptr();
      epilogue.slope = static_cast<float>(finish.slope);
    }
    if (finish.residual == kernels::Residual::kNone) return;
    values_ = ChannelsLast(finish.values);
    epilogue.residual = finish.residual;
    epilogue.values = values_.data_ptr();
    epilogue.height = values_.size(2);
    epilogue.width = values_.size(3);
    epilogue.scale = static_cast<float>(finish.scale);
  }

  torch::Tensor x_, out_, bias_, mask_, values_;
  Gather gather_;
};

// One axis of a transposed convolution for the places stride * y + first: the taps that meet them,
// from the last on, since a later tap meets an earlier place.
struct Phase {
  int64_t places, taps, last_tap, first_offset;
};

Phase PhaseOf(int64_t first, int64_t size, int64_t n, int64_t stride, int64_t padding) {
  const int64_t first_tap = (first + padding) % stride;
  const int64_t taps = first_tap < n ? (n - first_tap + stride - 1) / stride : 0;
  const int64_t last_tap = first_tap + stride * (taps - 1);
  return {(size - first + stride - 1) / stride, taps, last_tap,
          (first + padding - first_tap) / stride - (taps - 1)};
}

}  // namespace

bool KernelsFor(const torch::Tensor& x) {
  if (!x.device().is_cpu()) return false;
  if (x.scalar_type() == torch::kBFloat16) return kernels::Available(Type::kBfloat16);
  return x.scalar_type() == torch::kFloat32 && kernels::Available(Type::kFloat32);
}

torch::Tensor RunConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                      const Finish& finish, int64_t height, int64_t width) {
  const torch::Tensor out = EmptyPictures(x, shape.kernel.size(0), height, width);
  Convolution convolution(x, slope, finish, out);
  Gather& gather = convolution.gather();
  gather.places_y = height;
  gather.places_x = width;
  gather.window.stride = shape.stride;
  gather.window.first_dy = gather.window.first_dx = -shape.padding;
  convolution.Run(ViewOf(shape.kernel));
  return out;
}

torch::Tensor RunTransposedConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                                const Finish& finish, int64_t height, int64_t width) {
  const torch::Tensor out = EmptyPictures(x, shape.kernel.size(1), height, width);
  Convolution convolution(x, slope, finish, out);
  Gather& gather = convolution.gather();
  gather.step = shape.stride;
  const int64_t n = shape.kernel.size(2);
  for (int64_t y = 0; y < std::min(shape.stride, height); ++y) {
    for (int64_t x0 = 0; x0 < std::min(shape.stride, width); ++x0) {
      const Phase down = PhaseOf(y, height, n, shape.stride, shape.padding);
      const Phase right = PhaseOf(x0, width, n, shape.stride, shape.padding);
      kernels::WeightView view = ViewOf(shape.kernel);
      view.data += down.last_tap * view.stride_y + right.last_tap * view.stride_x;
      view.taps_y = down.taps;
      view.taps_x = right.taps;
      view.stride_y *= -shape.stride;
      view.stride_x *= -shape.stride;
      std::swap(view.inputs, view.outputs);
      std::swap(view.stride_input, view.stride_output);
      gather.first_y = y;
      gather.first_x = x0;
      gather.places_y = down.places;
      gather.places_x = right.places;
      gather.window.first_dy = down.first_offset;
      gather.window.first_dx = right.first_offset;
      convolution.Run(view);
    }
  }
  return out;
}

torch::Tensor RunWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                double g_slope, int64_t n, int64_t stride, int64_t padding) {
  const torch::Tensor in = ChannelsLast(x);
  const torch::Tensor gradient = ChannelsLast(g);
  kernels::WeightGradient work;
  work.type = TypeOf(x);
  work.window = {in.size(2),
                 in.size(3),
                 in.size(1),
                 stride,
                 static_cast<int>(n),
                 static_cast<int>(n),
                 -padding,
                 -padding,
                 static_cast<float>(slope)};
  work.in = in.data_ptr();
  work.gradient = gradient.data_ptr();
  work.places_y = gradient.size(2);
  work.places_x = gradient.size(3);
  work.outputs = gradient.size(1);
  work.slope = static_cast<float>(g_slope);
  const int64_t pictures = in.size(0);
  const int64_t parts = PartsOf(pictures);
  const torch::Tensor sums =
      torch::zeros({parts, n, n, kernels::PaddedInputs(in.size(1), work.outputs),
                    kernels::PaddedOutputs(work.outputs)});
  ForParts(parts, [&](int64_t part) {
    const torch::Tensor scratch = Bytes(kernels::ScratchBytes(work));
    kernels::AddWeightGradient(work, PartBegin(part, parts, pictures),
                               PartBegin(part + 1, parts, pictures),
                               sums.data_ptr<float>() + part * sums.stride(0), scratch.data_ptr());
  });
  return sums.sum(0).narrow(2, 0, in.size(1)).narrow(3, 0, work.outputs);
}

namespace {

// Rows of channels, divided among threads, each with sums of its own.
template <class Add>
ChannelSums SumRows(const torch::Tensor& x, const Add& add) {
  const int64_t channels = x.size(1);
  const int64_t rows = x.numel() / channels;
  const int64_t parts = PartsOf(x.size(0));
  const torch::Tensor sums = torch::zeros({parts, 2, channels}, torch::kFloat64);
  const auto size = static_cast<int64_t>(x.element_size());
  ForParts(parts, [&](int64_t part) {
    const int64_t begin = PartBegin(part, parts, rows);
    double* first = sums.data_ptr<double>() + part * 2 * channels;
    add(begin * channels * size, PartBegin(part + 1, parts, rows) - begin, first, first + channels);
  });
  const torch::Tensor total = sums.sum(0);
  return {total[0], total[1]};
}

const char* Data(const torch::Tensor& x) { return static_cast<const char*>(x.data_ptr()); }

}  // namespace

ChannelSums RunMoments(const torch::Tensor& x, const torch::Tensor& shift) {
  const torch::Tensor rows = ChannelsLast(x);
  return SumRows(rows, [&](int64_t at, int64_t count, double* sums, double* squares) {
    kernels::AddMoments(TypeOf(x), Data(rows) + at, count, x.size(1), shift.data_ptr<float>(), sums,
                        squares);
  });
}

ChannelSums RunProducts(const torch::Tensor& g, const torch::Tensor& y,
                        const torch::Tensor& shift) {
  const torch::Tensor gradients = ChannelsLast(g);
  const torch::Tensor values = ChannelsLast(y);
  return SumRows(gradients, [&](int64_t at, int64_t count, double* sums, double* products) {
    kernels::AddProducts(TypeOf(g), Data(gradients) + at, Data(values) + at, count, g.size(1),
                         shift.data_ptr<float>(), sums, products);
  });
}

torch::Tensor RunAffine(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& a,
                        const torch::Tensor& b, const torch::Tensor& c) {
  const torch::Tensor first = ChannelsLast(x);
  const torch::Tensor second = y.defined() ? ChannelsLast(y) : y;
  const torch::Tensor out = EmptyPictures(x, x.size(1), x.size(2), x.size(3));
  const int64_t rows = x.numel() / x.size(1);
  const int64_t parts = PartsOf(x.size(0));
  const auto row_bytes = x.size(1) * static_cast<int64_t>(x.element_size());
  ForParts(parts, [&](int64_t part) {
    const int64_t begin = PartBegin(part, parts, rows);
    const int64_t at = begin * row_bytes;
    kernels::Affine(TypeOf(x), Data(first) + at, y.defined() ? Data(second) + at : nullptr,
                    PartBegin(part + 1, parts, rows) - begin, x.size(1), a.data_ptr<float>(),
                    y.defined() ? b.data_ptr<float>() : nullptr, c.data_ptr<float>(),
                    static_cast<char*>(out.data_ptr()) + at);
  });
  return out;
}

}  // namespace makeover::engine
