#include "worker/engine/kernel_runs.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>

#include "worker/engine/cuda/device_runs.h"
#include "worker/engine/kernels/change.h"
#include "worker/engine/kernels/narrow.h"

namespace makeover::engine {
namespace {

using kernels::Gather;
using kernels::Method;
using kernels::Type;

Type TypeOf(torch::ScalarType type) {
  return type == torch::kBFloat16 ? Type::kBfloat16 : Type::kFloat32;
}

Type TypeOf(const torch::Tensor& x) { return TypeOf(x.scalar_type()); }

torch::Tensor ChannelsLast(const torch::Tensor& x) {
  return x.contiguous(torch::MemoryFormat::ChannelsLast);
}

torch::Tensor EmptyPictures(const torch::Tensor& like, torch::ScalarType type, int64_t channels,
                            int64_t height, int64_t width) {
  return torch::empty({like.size(0), channels, height, width},
                      like.options().dtype(type).memory_format(torch::MemoryFormat::ChannelsLast));
}

torch::Tensor EmptyPictures(const torch::Tensor& like, int64_t channels, int64_t height,
                            int64_t width) {
  return EmptyPictures(like, like.scalar_type(), channels, height, width);
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

torch::Tensor Padded(const torch::Tensor& values) {
  const torch::Tensor padded =
      torch::zeros({kernels::PaddedOutputs(values.size(0))}, torch::kFloat32);
  padded.narrow(0, 0, values.size(0)).copy_(values.detach());
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

// The transpose of a convolution with these weights reads them backwards.
kernels::WeightView Transposed(kernels::WeightView view) {
  view.data += (view.taps_y - 1) * view.stride_y + (view.taps_x - 1) * view.stride_x;
  view.stride_y = -view.stride_y;
  view.stride_x = -view.stride_x;
  std::swap(view.inputs, view.outputs);
  std::swap(view.stride_input, view.stride_output);
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

  // By the faster method, where stride and step leave a choice.
  void Run(const kernels::WeightView& weights) {
    const bool choice = gather_.window.stride == 1 && gather_.step == 1;
    Run(weights,
        choice && kernels::Suits(Method::kWinograd, weights) ? Method::kWinograd : Method::kDirect);
  }

  void Run(const kernels::WeightView& weights, Method method) {
    gather_.method = method;
    const torch::Tensor packed =
        Bytes(kernels::PackedWeightBytes(gather_.type, gather_.method, weights));
    Pack(weights, packed);
    gather_.weights = packed.data_ptr();
    gather_.window.taps_y = static_cast<int>(weights.taps_y);
    gather_.window.taps_x = static_cast<int>(weights.taps_x);
    engine::Run(gather_, x_.size(0));
  }

 private:
  void Pack(const kernels::WeightView& weights, const torch::Tensor& packed) const {
    // So many weights are worth another thread's waking.
    constexpr int64_t kGrain = 16384;
    const int64_t of_vector = 16 * weights.taps_y * weights.taps_x * weights.inputs;
    if (of_vector == 0) return;  // some places of a transposed convolution get nothing
    at::parallel_for(0, kernels::PaddedOutputs(weights.outputs) / 16, 1 + kGrain / of_vector,
                     [&](int64_t begin, int64_t end) {
                       kernels::PackWeights(gather_.type, gather_.method, weights, 16 * begin,
                                            16 * end, packed.data_ptr());
                     });
  }

  void SetFinish(const Finish& finish) {
    kernels::Epilogue& epilogue = gather_.epilogue;
    if (finish.bias.defined()) {
      bias_ = Padded(finish.bias);
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
    if (finish.scales.defined()) {
      scales_ = Padded(finish.scales);
      epilogue.scales = scales_.data_ptr<float>();
    }
  }

  torch::Tensor x_, out_, bias_, mask_, values_, scales_;
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

bool KernelsFor(const torch::Device& device, torch::ScalarType type) {
  if (!device.is_cpu()) return DeviceKernelsFor(device, type);
  if (type == torch::kBFloat16) return kernels::Available(Type::kBfloat16);
  return type == torch::kFloat32 && kernels::Available(Type::kFloat32);
}

bool KernelsFor(const torch::Tensor& x) { return KernelsFor(x.device(), x.scalar_type()); }

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

bool HasBlockConvs(const torch::Tensor& kernel) {
  return kernels::Suits(Method::kPooled, ViewOf(kernel)) &&
         kernels::Suits(Method::kDoubled, ViewOf(kernel));
}

namespace {

torch::Tensor RunBlockConv(Method method, const torch::Tensor& x, double slope,
                           const BlockKernel& kernel, const Finish& finish, int64_t height,
                           int64_t width) {
  kernels::WeightView view = ViewOf(kernel.kernel);
  if (kernel.transposed) view = Transposed(view);
  view.scale = static_cast<float>(kernel.scale);
  const torch::Tensor out = EmptyPictures(x, view.outputs, height, width);
  Convolution convolution(x, slope, finish, out);
  Gather& gather = convolution.gather();
  const int64_t size = method == Method::kDoubled ? 2 : 1;  // of the block of a place
  gather.places_y = (height + size - 1) / size;
  gather.places_x = (width + size - 1) / size;
  gather.window.first_dy = gather.window.first_dx = -1;
  convolution.Run(view, method);
  return out;
}

}  // namespace

torch::Tensor RunPooledConv(const torch::Tensor& x, double slope, const BlockKernel& kernel,
                            const Finish& finish, int64_t height, int64_t width) {
  return RunBlockConv(Method::kPooled, x, slope, kernel, finish, height, width);
}

torch::Tensor RunDoubledConv(const torch::Tensor& x, double slope, const BlockKernel& kernel,
                             const Finish& finish, int64_t height, int64_t width) {
  return RunBlockConv(Method::kDoubled, x, slope, kernel, finish, height, width);
}

namespace {

// Where the gradients of a kernel go.
kernels::WeightTarget TargetOf(const torch::Tensor& gradient, bool transposed, double scale) {
  kernels::WeightTarget target;
  target.data = gradient.data_ptr<float>();
  target.stride_output = gradient.stride(transposed ? 1 : 0);
  target.stride_input = gradient.stride(transposed ? 0 : 1);
  target.stride_y = gradient.stride(2);
  target.stride_x = gradient.stride(3);
  target.scale = static_cast<float>(scale);
  if (transposed) {
    target.data += gradient.size(2) * gradient.size(3) - 1;
    target.stride_y = -target.stride_y;
    target.stride_x = -target.stride_x;
  }
  return target;
}

// x and g must live until it has run, and be channels_last.
kernels::WeightGradient WorkOf(const torch::Tensor& x, double slope, const torch::Tensor& g,
                               double g_slope) {
  kernels::WeightGradient work;
  work.type = TypeOf(x);
  work.window.height = x.size(2);
  work.window.width = x.size(3);
  work.window.channels = x.size(1);
  work.window.slope = static_cast<float>(slope);
  work.in = x.data_ptr();
  work.gradient = g.data_ptr();
  work.places_y = g.size(2);
  work.places_x = g.size(3);
  work.outputs = g.size(1);
  work.slope = static_cast<float>(g_slope);
  return work;
}

void SetTaps(int64_t n, int64_t stride, int64_t padding, kernels::Window* window) {
  window->taps_y = window->taps_x = static_cast<int>(n);
  window->first_dy = window->first_dx = -padding;
  window->stride = stride;
}

void Run(const kernels::WeightGradient& work, int64_t pictures,
         const kernels::WeightTarget& target) {
  const int64_t parts = PartsOf(pictures);
  const torch::Tensor sums = torch::zeros({parts, kernels::SumCount(work)});
  ForParts(parts, [&](int64_t part) {
    const torch::Tensor scratch = Bytes(kernels::ScratchBytes(work));
    kernels::AddWeightGradient(work, PartBegin(part, parts, pictures),
                               PartBegin(part + 1, parts, pictures),
                               sums.data_ptr<float>() + part * sums.stride(0), scratch.data_ptr());
  });
  ForParts(parts, [&](int64_t part) {
    kernels::WriteWeightGradient(work, sums.data_ptr<float>(), parts,
                                 PartBegin(part, parts, work.inputs()),
                                 PartBegin(part + 1, parts, work.inputs()), target);
  });
}

}  // namespace

torch::Tensor RunWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                double g_slope, int64_t n, int64_t stride, int64_t padding) {
  const torch::Tensor in = ChannelsLast(x);
  const torch::Tensor gradient = ChannelsLast(g);
  const torch::Tensor result = torch::empty({g.size(1), x.size(1), n, n});
  kernels::WeightGradient work = WorkOf(in, slope, gradient, g_slope);
  SetTaps(n, stride, padding, &work.window);
  if (stride == 1 && kernels::Suits(Method::kWinograd, ViewOf(result)))
    work.method = Method::kWinograd;
  Run(work, in.size(0), TargetOf(result, false, 1));
  return result;
}

torch::Tensor RunPooledWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                      double g_slope, bool transposed, double scale) {
  const torch::Tensor in = ChannelsLast(x);
  const torch::Tensor gradient = ChannelsLast(g);
  const int64_t outputs = transposed ? x.size(1) : g.size(1);
  const int64_t inputs = transposed ? g.size(1) : x.size(1);
  const torch::Tensor result = torch::empty({outputs, inputs, 3, 3});
  kernels::WeightGradient work = WorkOf(in, slope, gradient, g_slope);
  SetTaps(3, 1, 1, &work.window);
  work.method = Method::kPooled;
  Run(work, in.size(0), TargetOf(result, transposed, scale));
  return result;
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

// run(begin, end) for parts of the rows of x.
void ForRows(const torch::Tensor& x, const std::function<void(int64_t, int64_t)>& run) {
  const int64_t rows = x.numel() / x.size(1);
  const int64_t parts = PartsOf(x.size(0));
  ForParts(parts, [&](int64_t part) {
    run(PartBegin(part, parts, rows), PartBegin(part + 1, parts, rows));
  });
}

}  // namespace

torch::Tensor RunNarrowOutputs(const torch::Tensor& x, const torch::Tensor& linear,
                               const torch::Tensor& rectified, const torch::Tensor& bias) {
  if (x.is_cuda()) return DeviceNarrowOutputs(x, linear, rectified, bias);
  const torch::Tensor in = ChannelsLast(x);
  const torch::Tensor out = EmptyPictures(x, torch::kFloat32, linear.size(0), x.size(2), x.size(3));
  const Type type = TypeOf(x);
  const torch::Tensor packed = Bytes(kernels::PackedNarrowBytes(type, out.size(1), x.size(1)));
  kernels::PackNarrowWeights(type, linear.contiguous().data_ptr<float>(),
                             rectified.contiguous().data_ptr<float>(), out.size(1), x.size(1),
                             packed.data_ptr());
  const torch::Tensor biases = bias.contiguous();
  const kernels::NarrowOutputs work = {type,
                                       in.data_ptr(),
                                       x.size(1),
                                       packed.data_ptr(),
                                       biases.data_ptr<float>(),
                                       out.data_ptr<float>(),
                                       out.size(1)};
  ForRows(in, [&](int64_t begin, int64_t end) { kernels::ComputeNarrowOutputs(work, begin, end); });
  return out;
}

torch::Tensor RunNarrowInputs(const torch::Tensor& x, const torch::Tensor& weight,
                              const torch::Tensor& bias, torch::ScalarType type) {
  if (x.is_cuda()) return DeviceNarrowInputs(x, weight, bias, type);
  const torch::Tensor in = ChannelsLast(x);
  const torch::Tensor weights = weight.t().contiguous();
  const torch::Tensor biases = bias.contiguous();
  const torch::Tensor out = EmptyPictures(x, type, weight.size(0), x.size(2), x.size(3));
  const kernels::NarrowInputs work = {TypeOf(type),
                                      in.data_ptr<float>(),
                                      x.size(1),
                                      weights.data_ptr<float>(),
                                      biases.data_ptr<float>(),
                                      out.data_ptr(),
                                      out.size(1)};
  ForRows(in, [&](int64_t begin, int64_t end) { kernels::ComputeNarrowInputs(work, begin, end); });
  return out;
}

torch::Tensor RunMaskedChange(const torch::Tensor& picture, const torch::Tensor& change) {
  if (picture.is_cuda()) return DeviceMaskedChange(picture, change);
  const torch::Tensor from = ChannelsLast(picture);
  const torch::Tensor changes = ChannelsLast(change);
  const torch::Tensor out = EmptyPictures(from, 3, from.size(2), from.size(3));
  const kernels::MaskedChange work = {TypeOf(change), from.data_ptr<float>(), changes.data_ptr(),
                                      out.data_ptr<float>()};
  ForRows(from,
          [&](int64_t begin, int64_t end) { kernels::ComputeMaskedChange(work, begin, end); });
  return out;
}

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
