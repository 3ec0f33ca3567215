#include "worker/engine/face_network.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "tests/engine/noise_faces.h"
#include "tests/engine/scratch.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

constexpr PixelShape kShape = {40, 48};
const Compute kCompute = {"cpu", Precision::kFp32, 1};

class FaceNetworkTest : public testing::Test {
 protected:
  FaceNetworkTest() {
    WriteNoiseFaces(scratch_ / "noise.pixels", kShape, 4);
    const PixelCache cache(scratch_ / "noise.pixels");
    Config config = RecipeDefaults("makeover");
    config.size = kShape;
    config.window = "full";
    TrainingRows rows;
    rows.source = {0, 1};
    rows.target = {2, 3};
    Trainer(config, kCompute, cache, rows).Save(checkpoint_, {}, {});
    for (int64_t row = 0; row < 4; ++row) faces_.push_back(NoiseFace(kShape, row));
  }

  std::vector<const uint8_t*> First(size_t count) const {
    std::vector<const uint8_t*> first;
    for (size_t i = 0; i < count; ++i) first.push_back(faces_[i].data());
    return first;
  }

  const Scratch scratch_;
  const std::string checkpoint_ = scratch_ / "model.safetensors";
  std::vector<std::vector<uint8_t>> faces_;
};

// Converts with batches of two until the larger size is tried.
std::unique_ptr<FaceNetwork> Trying(const std::string& checkpoint, int larger,
                                    const std::vector<const uint8_t*>& two) {
  auto time = std::make_shared<double>(0);
  auto network = std::make_unique<FaceNetwork>(checkpoint, kCompute, std::vector<int>{2, larger},
                                               [time] { return *time += 1; });
  while (network->batch_size() == 2) network->Convert(two, kShape);
  return network;
}

TEST_F(FaceNetworkTest, ALargerBatchGivesTheSameBits) {
  FaceNetwork two(checkpoint_, kCompute, 2);
  const auto network = Trying(checkpoint_, 4, First(2));
  const auto all = network->Convert(First(4), kShape);  // on trial
  EXPECT_EQ(network->batch_size(), 4);
  EXPECT_EQ(network->Convert(First(4), kShape), all);
  auto parts = two.Convert(First(2), kShape);
  EXPECT_EQ(parts[0], all[0]);
  EXPECT_EQ(parts[1], all[1]);
  EXPECT_NE(all[0], all[1]);
}

// For this process, whatever the system promises.
class AddressLimit {
 public:
  explicit AddressLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~AddressLimit() { setrlimit(RLIMIT_AS, &before_); }
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

 private:
  rlimit before_ = {};
};

TEST_F(FaceNetworkTest, ABatchForWhichThereIsNoMemoryIsDroppedAndNothingLost) {
  FaceNetwork two(checkpoint_, kCompute, 2);
  constexpr int kBillion = 1'000'000'000;
  const auto network = Trying(checkpoint_, kBillion, First(2));
  ASSERT_EQ(network->batch_size(), kBillion);
  const AddressLimit limit(rlim_t{1} << 40);
  const auto three = network->Convert(First(3), kShape);
  EXPECT_EQ(network->batch_size(), 2);
  ASSERT_EQ(three.size(), 3);
  EXPECT_EQ(three[0], two.Convert(First(2), kShape)[0]);
  EXPECT_EQ(network->Convert(First(2), kShape)[1], three[1]);
}

}  // namespace
}  // namespace makeover::engine
