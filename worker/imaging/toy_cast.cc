#include "worker/imaging/toy_cast.h"

#include <initializer_list>

#include "worker/imaging/toy_random.h"

namespace makeover {
namespace {

using enum ToyAttribute;

// Streams of random numbers that must not depend on each other.
constexpr uint64_t kPersonStream = 1;
constexpr uint64_t kPictureStream = 2;

// Frequencies by sex follow those of CelebA's lists, rounded.
double BySex(bool male, double of_men, double of_women) { return male ? of_men : of_women; }

void ChooseHairColour(ToyRandom& random, double skin, ToyAttributes& traits) {
  const bool male = traits.has(kMale);
  if (traits.has(kBald)) return;
  if (!traits.has(kYoung) && random.Chance(BySex(male, 0.4, 0.2))) return traits.set(kGrayHair);
  if (skin > 0.5 && random.Chance(0.85)) return traits.set(kBlackHair);
  const double blond = BySex(male, 0.09, 0.32);
  const double pick = random.Unit();
  if (pick < blond) return traits.set(kBlondHair);
  if (pick < blond + 0.33) return traits.set(kBlackHair);
  // The rest is red or auburn, which has no name in the list.
  if (pick < blond + 0.61) traits.set(kBrownHair);
}

void ChooseHair(ToyRandom& random, double skin, ToyAttributes& traits) {
  const bool male = traits.has(kMale);
  const bool young = traits.has(kYoung);
  if (male && random.Chance(young ? 0.03 : 0.11)) {
    traits.set(kBald);
  } else if (random.Chance(BySex(male, young ? 0.09 : 0.3, 0.02))) {
    traits.set(kRecedingHairline);
  }
  ChooseHairColour(random, skin, traits);
  if (traits.has(kBald)) return;
  if (random.Chance(BySex(male, 0.13, 0.46))) {
    traits.set(kWavyHair);
  } else if (random.Chance(BySex(male, 0.27, 0.38))) {
    traits.set(kStraightHair);
  }
}

void ChooseFeatures(ToyRandom& random, ToyAttributes& traits) {
  const bool male = traits.has(kMale);
  const bool young = traits.has(kYoung);
  traits.set(kBigNose, random.Chance(BySex(male, 0.4, 0.12)));
  traits.set(kPointyNose, !traits.has(kBigNose) && random.Chance(BySex(male, 0.26, 0.4)));
  traits.set(kBigLips, random.Chance(BySex(male, 0.16, 0.3)));
  traits.set(kNarrowEyes, random.Chance(0.11));
  traits.set(kArchedEyebrows, random.Chance(BySex(male, 0.06, 0.42)));
  traits.set(kBushyEyebrows,
             !traits.has(kArchedEyebrows) && random.Chance(BySex(male, 0.28, 0.08)));
  traits.set(kChubby, random.Chance(BySex(male, 0.1, 0.03) * (young ? 0.8 : 1.8)));
  traits.set(kDoubleChin, traits.has(kChubby) ? random.Chance(0.6) : random.Chance(0.02));
  traits.set(kOvalFace, !traits.has(kChubby) && random.Chance(BySex(male, 0.24, 0.34)));
  traits.set(kBagsUnderEyes, random.Chance(BySex(male, 0.33, 0.09) * (young ? 0.8 : 1.6)));
}

void ChooseShape(ToyRandom& random, ToyPerson& person) {
  for (double* deviation :
       {&person.width, &person.jaw, &person.chin, &person.chin_length, &person.eye_size,
        &person.eye_tilt, &person.brow_height, &person.brow_weight, &person.nose_width,
        &person.nose_length, &person.mouth_width, &person.lip_weight, &person.shade,
        &person.volume}) {
    *deviation = random.Bell();
  }
  person.part = random.Between(-1, 1);
}

void ChooseSkin(ToyRandom& random, ToyPerson& person) {
  // Most of CelebA's faces are light; the third power spreads them so.
  const double pick = random.Unit();
  person.skin = pick * pick * pick;
  person.traits.set(kPaleSkin, person.skin < 0.25 && random.Chance(0.07));
}

void ChooseEyeColour(ToyRandom& random, ToyPerson& person) {
  const bool dark_eyes = person.skin >= 0.25 || person.traits.has(kBlackHair);
  person.iris = dark_eyes ? random.Below(2) : random.Below(5);
}

int ChooseBeard(ToyRandom& random) {
  const double pick = random.Unit();
  if (pick < 0.58) return 0;
  if (pick < 0.74) return 1;
  if (pick < 0.80) return 2;
  if (pick < 0.86) return 3;
  return pick < 0.92 ? 4 : 5;
}

int ChooseHairLength(ToyRandom& random, bool male) {
  if (male) return random.Chance(0.06) ? 2 : 0;
  const double pick = random.Unit();
  if (pick < 0.2) return 0;
  return pick < 0.42 ? 1 : 2;
}

void ShowBeard(ToyRandom& random, const ToyPerson& person, ToyAttributes& attributes) {
  const bool shown = random.Chance(0.85);
  const int beard = shown && attributes.has(kMale) ? person.beard : 0;
  attributes.set(kNoBeard, beard == 0);
  attributes.set(k5oClockShadow, beard == 1 || (beard == 2 && random.Chance(0.5)));
  attributes.set(kGoatee, beard == 2 || beard >= 4);
  attributes.set(kMustache, beard >= 3);
  attributes.set(kSideburns, beard == 5 || (beard > 0 && random.Chance(0.15)));
}

void ShowMood(ToyRandom& random, ToyAttributes& attributes) {
  const bool male = attributes.has(kMale);
  const bool smiling = random.Chance(BySex(male, 0.4, 0.54));
  attributes.set(kSmiling, smiling);
  attributes.set(kMouthSlightlyOpen, random.Chance(smiling ? 0.75 : 0.23));
  attributes.set(kHighCheekbones, random.Chance((smiling ? 0.78 : 0.16) * BySex(male, 0.8, 1.15)));
}

void ShowMakeup(ToyRandom& random, ToyAttributes& attributes) {
  if (attributes.has(kMale)) return;
  const bool makeup = random.Chance(attributes.has(kYoung) ? 0.7 : 0.45);
  attributes.set(kHeavyMakeup, makeup);
  attributes.set(kWearingLipstick, random.Chance(makeup ? 0.97 : 0.42));
  attributes.set(kRosyCheeks, random.Chance(makeup ? 0.16 : 0.03));
}

void ShowThings(ToyRandom& random, ToyAttributes& attributes) {
  const bool male = attributes.has(kMale);
  const double age = attributes.has(kYoung) ? 0.75 : 2.0;
  attributes.set(kEyeglasses, random.Chance(BySex(male, 0.11, 0.025) * age));
  attributes.set(kWearingHat, random.Chance(BySex(male, 0.07, 0.032)));
  const bool fringe_fits =
      !attributes.has(kWearingHat) && !attributes.has(kBald) && !attributes.has(kRecedingHairline);
  attributes.set(kBangs, random.Chance(BySex(male, 0.09, 0.23)) && fringe_fits);
  attributes.set(kWearingEarrings, random.Chance(BySex(male, 0.015, 0.31)));
  attributes.set(kWearingNecklace, random.Chance(BySex(male, 0.01, 0.2)));
  attributes.set(kWearingNecktie, random.Chance(BySex(male, 0.17, 0.003)));
  attributes.set(kBlurry, random.Chance(0.05));
}

ToyPose ChoosePose(ToyRandom& random) {
  ToyPose pose;
  pose.turn = random.Between(-1, 1);
  pose.tilt = random.Bell() * 1.1;
  pose.shift_x = random.Bell() * 0.5;
  pose.shift_y = random.Bell() * 0.5;
  pose.size = 1 + random.Bell() * 0.012;
  pose.light = random.Between(-1, 1);
  pose.gaze = random.Bell() * 0.45;
  return pose;
}

int Count(ToyAttributes attributes, std::initializer_list<ToyAttribute> which) {
  int count = 0;
  for (const ToyAttribute attribute : which) count += attributes.has(attribute) ? 1 : 0;
  return count;
}

}  // namespace

ToyPerson MakeToyPerson(uint64_t seed, int number) {
  ToyRandom random(seed, kPersonStream, static_cast<uint64_t>(number));
  ToyPerson person;
  person.seed = random.Next();
  const bool male = random.Chance(0.42);
  person.traits.set(kMale, male);
  person.traits.set(kYoung, random.Chance(BySex(male, 0.66, 0.86)));
  ChooseSkin(random, person);
  ChooseHair(random, person.skin, person.traits);
  ChooseFeatures(random, person.traits);
  ChooseShape(random, person);
  ChooseEyeColour(random, person);
  person.hair_length = ChooseHairLength(random, male);
  person.beard = male ? ChooseBeard(random) : 0;
  return person;
}

ToyFace MakeToyFace(uint64_t seed, const ToyPerson& person, int index) {
  ToyRandom random(seed, kPictureStream, static_cast<uint64_t>(index));
  ToyFace face;
  face.person = person;
  face.seed = random.Next();
  face.pose = ChoosePose(random);
  face.attributes = person.traits;
  ShowBeard(random, person, face.attributes);
  ShowMood(random, face.attributes);
  ShowMakeup(random, face.attributes);
  ShowThings(random, face.attributes);
  face.attributes.set(kAttractive, IsToyAttractive(face.attributes));
  return face;
}

bool IsToyAttractive(ToyAttributes attributes) {
  int points = attributes.has(kYoung) ? 2 : 0;
  points += Count(attributes, {kOvalFace, kHighCheekbones, kArchedEyebrows, kHeavyMakeup,
                               kPointyNose, kWearingLipstick});
  if (!attributes.has(kHeavyMakeup)) points += Count(attributes, {kBushyEyebrows});
  points -= Count(attributes, {kBagsUnderEyes, kBigNose, kEyeglasses, kRecedingHairline, kGrayHair,
                               kBlurry, kWearingHat, kNarrowEyes});
  points -= 2 * Count(attributes, {kChubby, kDoubleChin, kBald});
  return points >= 3;
}

}  // namespace makeover
