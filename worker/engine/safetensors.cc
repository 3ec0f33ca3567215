#include "worker/engine/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "worker/engine/error.h"
#include "worker/engine/file.h"
#include "worker/engine/json.h"

namespace makeover::engine {
namespace {

constexpr uint64_t kHeaderBytesMax = 16 << 20;
// More than any network here has; files are read into memory.
constexpr uint64_t kFileBytesMax = uint64_t{1} << 36;
constexpr int64_t kElementsMax = int64_t{1} << 40;

[[noreturn]] void Refuse(const std::string& name, const std::string& why) {
  throw EngineError(ErrorClass::kUser, "bad_safetensors",
                    name + " is no whole safetensors file: " + why + ".",
                    "Take another checkpoint, or copy the file again.");
}

// False where the shape is no list of sizes or is absurdly large.
bool ReadShape(const Json* json, std::vector<int64_t>* shape, int64_t* elements) {
  if (json == nullptr || !json->is_array()) return false;
  *elements = 1;
  for (const Json& size : json->AsArray()) {
    if (!size.is_integer() || size.AsInteger() < 0 || size.AsInteger() > kElementsMax) return false;
    shape->push_back(size.AsInteger());
    if (__builtin_mul_overflow(*elements, size.AsInteger(), elements) || *elements > kElementsMax)
      return false;
  }
  return true;
}

bool ReadOffsets(const Json* json, uint64_t* begin, uint64_t* end) {
  if (json == nullptr || !json->is_array() || json->AsArray().size() != 2) return false;
  const Json& first = json->AsArray()[0];
  const Json& second = json->AsArray()[1];
  if (!first.is_integer() || !second.is_integer() || first.AsInteger() < 0) return false;
  *begin = static_cast<uint64_t>(first.AsInteger());
  *end = static_cast<uint64_t>(second.AsInteger());
  return second.AsInteger() >= first.AsInteger();
}

}  // namespace

int64_t BytesPerElement(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 8> kSizes = {{{"F64", 8},
                                                                                  {"F32", 4},
                                                                                  {"F16", 2},
                                                                                  {"BF16", 2},
                                                                                  {"I64", 8},
                                                                                  {"I32", 4},
                                                                                  {"U8", 1},
                                                                                  {"BOOL", 1}}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return 0;
}

Safetensors Safetensors::Read(const std::string& path) {
  return Parse(ReadFile(path, kFileBytesMax), path);
}

Safetensors Safetensors::Parse(std::string bytes, const std::string& name) {
  uint64_t header_bytes = 0;
  if (bytes.size() < sizeof header_bytes) Refuse(name, "it is too short");
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  if (header_bytes > kHeaderBytesMax) Refuse(name, "its header is too long");
  if (header_bytes > bytes.size() - sizeof header_bytes) Refuse(name, "it ends inside its header");
  Safetensors file;
  file.bytes_ = std::move(bytes);
  file.data_ = sizeof header_bytes + header_bytes;
  file.ReadHeader(file.bytes_.substr(sizeof header_bytes, header_bytes), name);
  return file;
}

void Safetensors::ReadHeader(const std::string& header, const std::string& name) {
  Json json;
  std::string error;
  if (!Json::Parse(header, &json, &error)) Refuse(name, "its header is no JSON: " + error);
  if (!json.is_object()) Refuse(name, "its header is no JSON object");
  for (const auto& [key, value] : json.AsObject()) {
    if (key == "__metadata__") {
      if (!value.is_object()) Refuse(name, "its metadata is no object");
      for (const auto& [word, text] : value.AsObject()) {
        if (!text.is_string()) Refuse(name, "its metadata '" + word + "' is no text");
        metadata_[word] = text.AsString();
      }
      continue;
    }
    Entry entry = {{key, value.Text("dtype"), {}, {}}, 0, 0};
    const int64_t element_bytes = BytesPerElement(entry.view.dtype);
    int64_t elements = 0;
    if (element_bytes == 0) Refuse(name, "the type of " + key + " is unknown");
    if (!ReadShape(value.Find("shape"), &entry.view.shape, &elements))
      Refuse(name, "the shape of " + key + " is bad");
    if (!ReadOffsets(value.Find("data_offsets"), &entry.begin, &entry.end)) {
      Refuse(name, "the offsets of " + key + " are bad");
    }
    if (entry.end - entry.begin != static_cast<uint64_t>(elements * element_bytes)) {
      Refuse(name, "the size of " + key + " does not fit its shape");
    }
    entries_.push_back(std::move(entry));
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t at = 0;
  for (const Entry& entry : entries_) {
    if (entry.begin != at)
      Refuse(name, entry.view.name + (entry.begin < at ? " overlaps" : " follows a hole"));
    at = entry.end;
  }
  if (at != bytes_.size() - data_) Refuse(name, "its data has another length than its header says");
}

std::vector<TensorView> Safetensors::Tensors() const {
  const std::string_view data = std::string_view(bytes_).substr(data_);
  std::vector<TensorView> views;
  views.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    views.push_back(entry.view);
    views.back().bytes = data.substr(entry.begin, entry.end - entry.begin);
  }
  return views;
}

void WriteSafetensors(const std::string& path, const std::vector<TensorView>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Json texts{Json::Object()};
  for (const auto& [key, text] : metadata) texts.Set(key, text);
  Json::Object header = {{"__metadata__", std::move(texts)}};
  int64_t at = 0;
  for (const TensorView& tensor : tensors) {
    const auto end = at + static_cast<int64_t>(tensor.bytes.size());
    Json shape{Json::Array()};
    for (const int64_t size : tensor.shape) shape.Append(size);
    header.emplace_back(tensor.name, Json::Object{{"dtype", tensor.dtype},
                                                  {"shape", std::move(shape)},
                                                  {"data_offsets", Json::Array{at, end}}});
    at = end;
  }
  std::string text = Json(std::move(header)).Write();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t header_bytes = text.size();
  AtomicFile file(path);
  file.Write(&header_bytes, sizeof header_bytes);
  file.Write(text.data(), text.size());
  for (const TensorView& tensor : tensors) file.Write(tensor.bytes.data(), tensor.bytes.size());
  file.Commit();
}

}  // namespace makeover::engine
