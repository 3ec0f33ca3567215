// CelebA's 40 attributes by name and place.
#pragma once

#include <array>
#include <cstdint>

namespace makeover {

// In the order of list_attr_celeba.txt.
enum class ToyAttribute : int {
  k5oClockShadow,
  kArchedEyebrows,
  kAttractive,
  kBagsUnderEyes,
  kBald,
  kBangs,
  kBigLips,
  kBigNose,
  kBlackHair,
  kBlondHair,
  kBlurry,
  kBrownHair,
  kBushyEyebrows,
  kChubby,
  kDoubleChin,
  kEyeglasses,
  kGoatee,
  kGrayHair,
  kHeavyMakeup,
  kHighCheekbones,
  kMale,
  kMouthSlightlyOpen,
  kMustache,
  kNarrowEyes,
  kNoBeard,
  kOvalFace,
  kPaleSkin,
  kPointyNose,
  kRecedingHairline,
  kRosyCheeks,
  kSideburns,
  kSmiling,
  kStraightHair,
  kWavyHair,
  kWearingEarrings,
  kWearingHat,
  kWearingLipstick,
  kWearingNecklace,
  kWearingNecktie,
  kYoung,
};

inline constexpr int kToyAttributeCount = 40;

inline constexpr std::array<const char*, kToyAttributeCount> kToyAttributeNames = {
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young"};

// A set of attributes: bit i is attribute i.
class ToyAttributes {
 public:
  ToyAttributes() = default;
  explicit ToyAttributes(uint64_t bits) : bits_(bits) {}

  bool has(ToyAttribute attribute) const { return (bits_ >> static_cast<int>(attribute)) & 1; }
  void set(ToyAttribute attribute, bool value = true) {
    const uint64_t bit = uint64_t{1} << static_cast<int>(attribute);
    bits_ = value ? bits_ | bit : bits_ & ~bit;
  }
  uint64_t bits() const { return bits_; }

  friend bool operator==(const ToyAttributes&, const ToyAttributes&) = default;

 private:
  uint64_t bits_ = 0;
};

}  // namespace makeover
