#include "client/deal_devices.h"

#include <gtest/gtest.h>

namespace makeover {
namespace {

using Strings = std::vector<std::string>;

ProbeDevices Finds(const Strings& devices) {
  return [devices] { return devices; };
}

absl::StatusOr<Strings> Unasked() { return absl::InternalError("nobody was to ask"); }

TEST(DealDevices, OneWorkerTakesWhatIsSaid) {
  EXPECT_EQ(DealDevices("auto", 1, Unasked).value(), Strings{"auto"});
  EXPECT_EQ(DealDevices("cuda:0,cuda:1", 1, Unasked).value(), Strings{"cuda:0,cuda:1"});
}

TEST(DealDevices, AutoDealsOutWhatTheMachineHas) {
  EXPECT_EQ(DealDevices("auto", 2, Finds({"cuda:0", "cuda:1", "cuda:2"})).value(),
            (Strings{"cuda:0,cuda:2", "cuda:1"}));
  EXPECT_EQ(DealDevices("auto", 2, Finds({})).value(), (Strings{"cpu", "cpu"}));
  EXPECT_EQ(DealDevices("auto", 2, Unasked).status().code(), absl::StatusCode::kInternal);
}

TEST(DealDevices, NamedOnes) {
  EXPECT_EQ(DealDevices("cpu", 3, Unasked).value(), (Strings{"cpu", "cpu", "cpu"}));
  EXPECT_EQ(DealDevices("cuda:1,cuda:3", 2, Unasked).value(), (Strings{"cuda:1", "cuda:3"}));
}

TEST(DealDevices, TooFewForEach) {
  for (const auto& dealt :
       {DealDevices("cuda:0", 2, Unasked), DealDevices("auto", 2, Finds({"cuda:0"}))}) {
    EXPECT_EQ(dealt.status(), absl::InvalidArgumentError(
                                  "There are 2 workers for 1 devices (cuda:0): name at least "
                                  "one for each with --devices, or cpu for all."));
  }
}

TEST(CudaDevicesIn, AProbeAlone) {
  EXPECT_EQ(CudaDevicesIn(R"({"event":"probe","devices":[{"name":"cpu","kind":"cpu"},)"
                          R"({"name":"cuda:0","kind":"cuda"},{"name":"cuda:1","kind":"cuda"}]})"),
            (Strings{"cuda:0", "cuda:1"}));
  EXPECT_EQ(CudaDevicesIn("mkengine: a warning"), Strings{});
  EXPECT_EQ(CudaDevicesIn(R"({"event":"done"})"), Strings{});
}

TEST(ProbeCudaDevices, AProgramThatIsNotThereSaysSo) {
  const auto found = ProbeCudaDevices("/no/such/mkengine");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kFailedPrecondition) << found.status();
}

}  // namespace
}  // namespace makeover
