#include "worker/engine/safetensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/engine/scratch.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"

namespace makeover::engine {
namespace {

std::string File(const std::string& header, const std::string& data) {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + header + data;
}

// The reason for which the bytes are refused; "" where they are taken.
std::string Reason(const std::string& bytes) {
  try {
    Safetensors::Parse(bytes, "x");
    return "";
  } catch (const EngineError& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kUser);
    return error.what();
  }
}

std::string Tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(SafetensorsTest, ReadsWhatItWrote) {
  const Scratch scratch;
  const std::string path = scratch / "a.safetensors";
  WriteSafetensors(
      path,
      {{"b", "F32", {2, 1}, "12345678"}, {"a", "U8", {3}, "xyz"}, {"s", "I64", {}, "abcdefgh"}},
      {{"step", "5"}, {"text", "\"quoted\"\n"}});
  const Safetensors file = Safetensors::Read(path);
  EXPECT_EQ(file.metadata().at("step"), "5");
  EXPECT_EQ(file.metadata().at("text"), "\"quoted\"\n");
  ASSERT_EQ(file.Tensors().size(), 3U);
  EXPECT_EQ(file.Tensors()[0].name, "b");
  EXPECT_EQ(file.Tensors()[0].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(file.Tensors()[0].bytes, "12345678");
  EXPECT_EQ(file.Tensors()[1].bytes, "xyz");
  EXPECT_EQ(file.Tensors()[2].bytes, "abcdefgh");
}

TEST(SafetensorsTest, AlignsTheData) {
  const Scratch scratch;
  WriteSafetensors(scratch / "a", {{"a", "U8", {1}, "x"}}, {});
  EXPECT_EQ((ReadFile(scratch / "a").size() - 1) % 8, 0U);
}

TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const Scratch scratch;
  WriteSafetensors(scratch / "a", {{"a", "F32", {4}, std::string(16, 'x')}}, {{"k", "v"}});
  const std::string whole = ReadFile(scratch / "a");
  ASSERT_EQ(Reason(whole), "");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(Reason(whole.substr(0, size)), "") << size;
}

TEST(SafetensorsTest, HolesOverlapsAndLeftoversAreRefused) {
  const std::string a = Tensor("a", "U8", "[4]", 0, 4);
  EXPECT_EQ(Reason(File("{" + a + "," + Tensor("b", "U8", "[4]", 4, 8) + "}", "12345678")), "");
  EXPECT_NE(
      Reason(File("{" + a + "," + Tensor("b", "U8", "[3]", 5, 8) + "}", "12345678")).find("hole"),
      std::string::npos);
  EXPECT_NE(Reason(File("{" + a + "," + Tensor("b", "U8", "[5]", 3, 8) + "}", "12345678"))
                .find("overlaps"),
            std::string::npos);
  EXPECT_NE(Reason(File("{" + a + "}", "12345")), "");
}

TEST(SafetensorsTest, WrongTypesAndShapesAreRefused) {
  EXPECT_NE(Reason(File("{" + Tensor("a", "F33", "[4]", 0, 16) + "}", std::string(16, 'x'))), "");
  EXPECT_NE(Reason(File("{" + Tensor("a", "F32", "[4]", 0, 15) + "}", std::string(15, 'x'))), "");
  EXPECT_NE(Reason(File("{" + Tensor("a", "F32", "[-4]", 0, 16) + "}", std::string(16, 'x'))), "");
  EXPECT_NE(Reason(File("{" + Tensor("a", "F32", "\"4\"", 0, 16) + "}", std::string(16, 'x'))), "");
  EXPECT_NE(
      Reason(File("{" + Tensor("a", "F32", "[4294967296,4294967296,4294967296]", 0, 0) + "}", "")),
      "");
  EXPECT_NE(Reason(File(R"({"__metadata__":{"a":1}})", "")), "");
  EXPECT_NE(Reason(File(R"({"__metadata__":[]})", "")), "");
  EXPECT_NE(Reason(File("[]", "")), "");
  EXPECT_NE(Reason(File("{\"a\":1}", "")), "");
}

TEST(SafetensorsTest, OffsetsThatAreNoRangeAreRefused) {
  const std::string data(4, 'x');
  EXPECT_NE(Reason(File("{" + Tensor("a", "U8", "[4]", 4, 0) + "}", data)).find("offsets"),
            std::string::npos);
  EXPECT_NE(Reason(File("{" + Tensor("a", "U8", "[4]", -4, 0) + "}", data)).find("offsets"),
            std::string::npos);
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":)";
  EXPECT_NE(Reason(File("{" + a + "[0,2,4]}}", data)).find("offsets"), std::string::npos);
  EXPECT_NE(Reason(File("{" + a + "[0.0,4.0]}}", data)).find("offsets"), std::string::npos);
  EXPECT_NE(Reason(File("{" + a + "[0,18446744073709551620]}}", data)).find("offsets"),
            std::string::npos);
}

TEST(SafetensorsTest, NamesGivenTwiceAreRefused) {
  const std::string a = Tensor("a", "U8", "[1]", 0, 1);
  EXPECT_NE(Reason(File("{" + a + "," + a + "}", "x")).find("twice"), std::string::npos);
  EXPECT_NE(Reason(File(R"({"__metadata__":{"k":"1","k":"2"}})", "")).find("twice"),
            std::string::npos);
}

TEST(SafetensorsTest, SharedBytesAreRefusedUnlessThereAreNone) {
  const std::string a = Tensor("a", "U8", "[4]", 0, 4);
  EXPECT_NE(
      Reason(File("{" + a + "," + Tensor("b", "U8", "[4]", 0, 4) + "}", "1234")).find("overlaps"),
      std::string::npos);
  EXPECT_EQ(Reason(File("{" + a + "," + Tensor("b", "F32", "[0,9]", 4, 4) + "}", "1234")), "");
}

TEST(SafetensorsTest, DeepHeadersAreRefused) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_NE(Reason(File("{\"a\":" + deep + "}", "")).find("nested"), std::string::npos);
}

TEST(SafetensorsTest, HugeHeadersAreRefused) {
  std::string bytes = File("{}", "");
  bytes.replace(0, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F");
  EXPECT_NE(Reason(bytes).find("too long"), std::string::npos);
  EXPECT_NE(Reason(std::string("\x10\x00\x00\x00\x00\x00\x00\x00{}", 10)).find("inside its header"),
            std::string::npos);
  std::string longest(16 << 20, ' ');
  longest.replace(0, 2, "{}");
  EXPECT_EQ(Reason(File(longest, "")), "");
  EXPECT_NE(Reason(File(longest + " ", "")).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace makeover::engine
