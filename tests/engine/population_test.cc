#include "worker/engine/population.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace makeover::engine {
namespace {

// 600 pictures, three of each person; every sixth person is in the test partition where asked for.
Population People(bool identities, bool partitions) {
  Population population;
  population.attributes = {"Male", "Smiling"};
  for (int64_t i = 0; i < 600; ++i) {
    population.bits.push_back(static_cast<uint64_t>(i % 4));
    population.identities.push_back(identities ? i / 3 : -1);
    population.partitions.push_back(partitions ? (i / 3 % 6 == 0 ? 2 : 0) : -1);
  }
  return population;
}

std::set<int64_t> PersonsOf(const std::vector<int64_t>& rows, const Population& population) {
  std::set<int64_t> persons;
  for (const int64_t row : rows) persons.insert(population.identities[static_cast<size_t>(row)]);
  return persons;
}

void ExpectDisjoint(const std::set<int64_t>& x, const std::set<int64_t>& y) {
  for (const int64_t person : x) EXPECT_EQ(y.count(person), 0U) << person;
}

TEST(PopulationTest, TheThreePartsShareNoPerson) {
  for (const bool partitions : {false, true}) {
    const Population population = People(true, partitions);
    const Division division = Divide(population, 1000);
    const auto a = PersonsOf(division.a, population);
    const auto b = PersonsOf(division.b, population);
    const auto held_out = PersonsOf(division.held_out, population);
    ExpectDisjoint(a, b);
    ExpectDisjoint(a, held_out);
    ExpectDisjoint(b, held_out);
    EXPECT_EQ(division.a.size() + division.b.size() + division.held_out.size(), 600U);
    EXPECT_NEAR(static_cast<double>(a.size()), static_cast<double>(b.size()), 40);
  }
}

TEST(PopulationTest, TheTestPartitionIsHeldOut) {
  const Population population = People(false, true);
  const Division division = Divide(population, 1000);
  EXPECT_TRUE(division.by_partition);
  EXPECT_EQ(division.held_out.size(), 102U);  // of persons 0, 6, ... 198
  for (const int64_t row : division.held_out)
    EXPECT_EQ(population.partitions[static_cast<size_t>(row)], 2);
}

TEST(PopulationTest, APersonOfTheTestPartitionTeachesNobody) {
  Population population = People(true, true);
  population.partitions[1] = 0;  // the second photo of person 0, whose others are held out
  const Division division = Divide(population, 1000);
  for (const auto* rows : {&division.a, &division.b, &division.held_out})
    EXPECT_EQ(std::set<int64_t>(rows->begin(), rows->end()).count(1), 0U);
}

TEST(PopulationTest, WithoutAPartitionAboutATenthIsHeldOut) {
  const Division division = Divide(People(false, false), 1000);
  EXPECT_FALSE(division.by_partition);
  EXPECT_NEAR(static_cast<double>(division.held_out.size()), 60, 25);
}

TEST(PopulationTest, AJudgeGetsNoMoreThanItMay) {
  const Division division = Divide(People(true, true), 50);
  EXPECT_EQ(division.a.size(), 50U);
  EXPECT_EQ(division.b.size(), 50U);
}

TEST(PopulationTest, AFingerprintTellsWhatIsKnownOfTheRows) {
  const Population one = People(true, true);
  Population other = one;
  EXPECT_EQ(Fingerprint(one), Fingerprint(other));
  other.bits[7] ^= 1;
  EXPECT_NE(Fingerprint(one), Fingerprint(other));
  other = one;
  other.identities[7] = 9999;
  EXPECT_NE(Fingerprint(one), Fingerprint(other));
  other = one;
  other.attributes[1] = "Smile";
  EXPECT_NE(Fingerprint(one), Fingerprint(other));
}

}  // namespace
}  // namespace makeover::engine
