// Protocol Buffers' wire format (protobuf.dev, "Encoding"), as much of it as writing a message
// takes. A library for it would not do: LibTorch brings one of its own, and two versions of it in
// one process break each other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace makeover::engine {

// Fields in the order in which they are added. Plain data.
class ProtobufWriter {
 public:
  ProtobufWriter& Integer(int field, int64_t value) {
    Varint(static_cast<uint64_t>(field) << 3);
    Varint(static_cast<uint64_t>(value));
    return *this;
  }
  ProtobufWriter& Float(int field, float value) {
    constexpr int kFourBytes = 5;
    Varint(static_cast<uint64_t>(field) << 3 | kFourBytes);
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xFF);
    return *this;
  }
  // Text, bytes, or a message.
  ProtobufWriter& Bytes(int field, std::string_view value) {
    constexpr int kLengthAndBytes = 2;
    Varint(static_cast<uint64_t>(field) << 3 | kLengthAndBytes);
    Varint(value.size());
    bytes_ += value;
    return *this;
  }
  ProtobufWriter& Message(int field, const ProtobufWriter& value) {
    return Bytes(field, value.bytes());
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace makeover::engine
