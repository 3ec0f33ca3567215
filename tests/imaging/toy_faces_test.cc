#include "worker/imaging/toy_faces.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <set>
#include <vector>

#include "tests/imaging/make_picture.h"

namespace makeover {
namespace {

using enum ToyAttribute;

ToyFace FaceOf(uint64_t seed, int person, int index) {
  return MakeToyFace(seed, MakeToyPerson(seed, person), index);
}

// A face with these attributes alone, of a person with nothing special.
ToyFace PlainFace(std::initializer_list<ToyAttribute> attributes) {
  ToyFace face;
  face.person.seed = 5;
  face.person.skin = 0.2;
  face.person.hair_length = 0;
  face.seed = 6;
  for (const ToyAttribute attribute : attributes) face.attributes.set(attribute);
  return face;
}

Picture With(ToyFace face, ToyAttribute attribute, bool value) {
  face.attributes.set(attribute, value);
  return DrawToyFace(face);
}

struct Region {
  const char* name;
  int x, y, width, height;
};
constexpr Region kMouth = {"mouth", 66, 142, 46, 22};
constexpr Region kEyes = {"eyes", 54, 100, 70, 24};
constexpr Region kHairTop = {"hair", 62, 38, 54, 22};
constexpr Region kBrows = {"brows", 54, 91, 70, 12};
constexpr Region kChin = {"chin", 72, 160, 34, 22};
constexpr Region kCheeks = {"cheeks", 54, 124, 14, 20};
constexpr Region kNose = {"nose", 74, 120, 30, 22};
constexpr Region kForehead = {"forehead", 66, 84, 46, 10};
constexpr Region kCorner = {"corner", 0, 0, 30, 30};
constexpr Region kShirt = {"shirt", 60, 196, 58, 22};
constexpr Region kWindow = {"window", 49, 90, 80, 100};

double Difference(const Picture& a, const Picture& b, const Region& region) {
  return MeanDifference(a, b, region.x, region.y, region.width, region.height);
}

struct Effect {
  ToyAttribute attribute;
  ToyFace face;
  Region changes;
  double at_least;  // levels
  Region stays;
};

// The drawing shows each attribute where a person would look for it, and nowhere else.
TEST(ToyFaces, AttributesChangeTheirPartOfTheFace) {
  const ToyFace woman = PlainFace({kYoung, kNoBeard, kBrownHair});
  const ToyFace man = PlainFace({kYoung, kMale, kBrownHair});
  const std::vector<Effect> effects = {{kSmiling, woman, kMouth, 8, kHairTop},
                                       {kMouthSlightlyOpen, woman, kMouth, 8, kEyes},
                                       {kEyeglasses, woman, kEyes, 12, kMouth},
                                       {kWearingLipstick, woman, kMouth, 6, kEyes},
                                       {kHeavyMakeup, woman, kEyes, 6, kHairTop},
                                       {kMale, woman, kWindow, 3, kCorner},
                                       {kBlackHair, woman, kHairTop, 15, kMouth},
                                       {kBald, man, kHairTop, 50, kMouth},
                                       {kBangs, woman, kForehead, 20, kMouth},
                                       {kMustache, man, kMouth, 5, kEyes},
                                       {kGoatee, man, kChin, 20, kEyes},
                                       {k5oClockShadow, man, kChin, 8, kForehead},
                                       {kRosyCheeks, woman, kCheeks, 10, kHairTop},
                                       {kPaleSkin, woman, kCheeks, 8, kCorner},
                                       {kBigNose, woman, kNose, 3, kHairTop},
                                       {kPointyNose, woman, kNose, 2, kHairTop},
                                       {kBigLips, woman, kMouth, 2, kEyes},
                                       {kBushyEyebrows, man, kBrows, 4, kMouth},
                                       {kArchedEyebrows, woman, kBrows, 2, kMouth},
                                       {kNarrowEyes, woman, kEyes, 3, kMouth},
                                       {kBagsUnderEyes, woman, kEyes, 1, kMouth},
                                       {kWearingHat, woman, kHairTop, 20, kMouth},
                                       {kWearingNecktie, man, kShirt, 20, kEyes},
                                       {kChubby, woman, kWindow, 2, kCorner},
                                       {kHighCheekbones, woman, kCheeks, 2, kCorner},
                                       {kYoung, woman, kWindow, 1, kCorner}};
  for (const Effect& effect : effects) {
    SCOPED_TRACE(kToyAttributeNames[static_cast<size_t>(effect.attribute)]);
    ToyFace face = effect.face;
    if (effect.attribute == kBlackHair) face.attributes.set(kBrownHair, false);
    const Picture without = With(face, effect.attribute, false);
    const Picture with = With(face, effect.attribute, true);
    EXPECT_GT(Difference(without, with, effect.changes), effect.at_least) << effect.changes.name;
    EXPECT_LT(Difference(without, with, effect.stays), 0.5) << effect.stays.name;
  }
}

TEST(ToyFaces, BlurryReallyIs) {
  const ToyFace face = PlainFace({kYoung, kNoBeard, kBrownHair});
  const auto detail = [](const Picture& picture) {
    double sum = 0;
    for (size_t i = 3; i < picture.pixels.size(); ++i) {
      sum += std::abs(picture.pixels[i] - picture.pixels[i - 3]);
    }
    return sum;
  };
  EXPECT_LT(detail(With(face, kBlurry, true)) * 1.2, detail(With(face, kBlurry, false)));
}

TEST(ToyFaces, SameFaceSameBytes) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(DrawToyFace(FaceOf(1, i, i)), DrawToyFace(FaceOf(1, i, i)));
  }
  EXPECT_NE(DrawToyFace(FaceOf(1, 0, 0)), DrawToyFace(FaceOf(2, 0, 0)));
  EXPECT_NE(DrawToyFace(FaceOf(1, 0, 0)), DrawToyFace(FaceOf(1, 0, 1)));
}

// A change of the drawing is a change of everybody's toy data: this number then changes with it, on
// purpose.
TEST(ToyFaces, BytesAreThoseOfEveryMachine) {
  uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (int i = 0; i < 24; ++i) {
    for (const uint8_t level : DrawToyFace(FaceOf(1, i, i)).pixels) {
      hash = (hash ^ level) * 1099511628211ULL;
    }
  }
  EXPECT_EQ(hash, 7216748015435706204ULL);
}

TEST(ToyFaces, OnePersonLooksAlike) {
  double same = 0, other = 0;
  for (int person = 0; person < 12; ++person) {
    const ToyFace face = FaceOf(3, person, 100);
    ToyFace again = FaceOf(3, person, 101), stranger = FaceOf(3, person + 50, 101);
    for (ToyFace* picture : {&again, &stranger}) {
      picture->seed = face.seed;
      picture->pose = face.pose;
    }
    same += Difference(DrawToyFace(face), DrawToyFace(again), kWindow);
    other += Difference(DrawToyFace(face), DrawToyFace(stranger), kWindow);
  }
  EXPECT_LT(same * 1.5, other);
}

TEST(ToyFaces, LandmarksAreCelebAs) {
  const std::array<double, 10> means = {69.2,  111.2, 107.7, 111.3, 87.4,
                                        134.9, 71.3,  151.9, 105.5, 152.2};
  std::array<double, 10> sums{};
  constexpr int kFaces = 400;
  for (int i = 0; i < kFaces; ++i) {
    const ToyLandmarks landmarks = LandmarksOf(FaceOf(9, i, i));
    for (size_t j = 0; j < sums.size(); ++j) {
      sums[j] += landmarks[j];
      ASSERT_NEAR(landmarks[j], means[j], 7) << "face " << i << ", number " << j;
    }
  }
  for (size_t j = 0; j < sums.size(); ++j) EXPECT_NEAR(sums[j] / kFaces, means[j], 1.5) << j;
}

TEST(ToyFaces, FrequenciesAreLikeCelebAs) {
  std::array<int, kToyAttributeCount> counts{};
  constexpr int kFaces = 8000;
  for (int i = 0; i < kFaces; ++i) {
    const ToyAttributes attributes = FaceOf(4, i / 4, i).attributes;
    for (int j = 0; j < kToyAttributeCount; ++j) {
      counts[static_cast<size_t>(j)] += attributes.has(static_cast<ToyAttribute>(j)) ? 1 : 0;
    }
    ASSERT_EQ(attributes.has(kAttractive), IsToyAttractive(attributes));
    if (attributes.has(kNoBeard)) {
      ASSERT_FALSE(attributes.has(kGoatee) || attributes.has(kMustache) ||
                   attributes.has(k5oClockShadow));
    }
  }
  const auto share = [&](ToyAttribute attribute) {
    return counts[static_cast<size_t>(attribute)] / double{kFaces};
  };
  EXPECT_NEAR(share(kMale), 0.42, 0.05);
  EXPECT_NEAR(share(kSmiling), 0.48, 0.05);
  EXPECT_NEAR(share(kAttractive), 0.51, 0.07);
  EXPECT_NEAR(share(kYoung), 0.77, 0.05);
  EXPECT_NEAR(share(kEyeglasses), 0.065, 0.03);
  EXPECT_NEAR(share(kNoBeard), 0.83, 0.05);
  EXPECT_NEAR(share(kWearingLipstick), 0.47, 0.06);
  EXPECT_NEAR(share(kBlurry), 0.05, 0.02);
  EXPECT_NEAR(share(kMouthSlightlyOpen), 0.48, 0.05);
  for (int j = 0; j < kToyAttributeCount; ++j) {
    EXPECT_GT(counts[static_cast<size_t>(j)], kFaces / 100)
        << kToyAttributeNames[static_cast<size_t>(j)];
  }
}

}  // namespace
}  // namespace makeover
