// The safetensors file format, read strictly and written canonically
// (github.com/huggingface/safetensors): uint64 length of the header, the header as JSON, then the
// tensors' bytes without holes, little-endian.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace makeover::engine {

// A tensor's description and its bytes, which somebody else owns.
struct TensorView {
  std::string name;
  std::string dtype;  // "F64", "F32", "F16", "BF16", "I64", "I32", "U8" or "BOOL"
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// Bytes per element, 0 for an unknown name.
int64_t BytesPerElement(std::string_view dtype);

// A file in memory. Immutable.
class Safetensors {
 public:
  // Throws EngineError of class USER where the file cannot be read or breaks the format in any way:
  // a header beyond 16 MiB or beyond the file, bad JSON, unknown types, sizes that do not fit
  // shapes, holes, overlaps, bytes left over.
  static Safetensors Read(const std::string& path);
  static Safetensors Parse(std::string bytes, const std::string& name);

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // In the order of their bytes. The views live as long as this object.
  std::vector<TensorView> Tensors() const;

 private:
  struct Entry {
    TensorView view;  // without bytes
    uint64_t begin;
    uint64_t end;
  };
  Safetensors() = default;
  void ReadHeader(const std::string& header, const std::string& name);

  std::string bytes_;
  uint64_t data_ = 0;  // where the tensors begin
  std::map<std::string, std::string> metadata_;
  std::vector<Entry> entries_;
};

// Writes the tensors in the given order, aligned to 8 bytes at the start of the data, atomically.
// REQUIRES: names are unique; bytes fit dtypes and shapes.
void WriteSafetensors(const std::string& path, const std::vector<TensorView>& tensors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace makeover::engine
