// The reader of safetensors files takes any bytes: it refuses them as an error of class USER, or
// what it gives lies inside of them and fits its shapes. Built with libFuzzer (preset `fuzz`) to
// search for bytes that break this, and with replay.cc to try the bytes of seeds.py in every test
// run.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "worker/engine/error.h"
#include "worker/engine/safetensors.h"

namespace makeover::engine {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

int64_t ElementsOf(const TensorView& tensor) {
  int64_t elements = 1;
  for (const int64_t size : tensor.shape) elements *= size;
  return elements;
}

// What follows the header. REQUIRES: the file was taken, so it has the length that it says.
uint64_t DataBytes(std::string_view file) {
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  return file.size() - sizeof header_bytes - header_bytes;
}

// Reads every byte that the file gives, so that the address sanitizer sees views that leave it.
void Check(const Safetensors& file, uint64_t data_bytes) {
  uint64_t tensor_bytes = 0;
  unsigned sum = 0;
  for (const TensorView& tensor : file.Tensors()) {
    Require(static_cast<int64_t>(tensor.bytes.size()) ==
            ElementsOf(tensor) * BytesPerElement(tensor.dtype));
    for (const char byte : tensor.bytes) sum += static_cast<unsigned char>(byte);
    tensor_bytes += tensor.bytes.size();
  }
  [[maybe_unused]] volatile const unsigned read = sum;
  Require(tensor_bytes == data_bytes);
}

void Read(const std::string& bytes) {
  try {
    const Safetensors file = Safetensors::Parse(bytes, "input");
    Check(file, DataBytes(bytes));
  } catch (const EngineError& error) {
    Require(error.error_class() == ErrorClass::kUser);
  }
}

// A file whose length of the header is right, so that more than one input in a million reaches the
// code behind that check: the header ends at the first zero byte, the data follows.
std::string Framed(std::string_view input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const uint64_t header_bytes = end;
  std::string bytes(reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes);
  bytes += input.substr(0, end);
  if (end < input.size()) bytes += input.substr(end + 1);
  return bytes;
}

}  // namespace
}  // namespace makeover::engine

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  makeover::engine::Read(std::string(input));
  makeover::engine::Read(makeover::engine::Framed(input));
  return 0;
}
