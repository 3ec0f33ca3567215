#include <algorithm>
#include <array>
#include <cmath>

#include "worker/imaging/toy_parts.h"

namespace makeover {
namespace {

using enum ToyAttribute;

constexpr std::array<ToyColour, 5> kHats = {
    {{46, 52, 66}, {148, 34, 40}, {44, 84, 60}, {206, 190, 160}, {36, 34, 36}}};

struct HairStyle {
  bool lengthy = false;  // falls beside the face
  double bottom = 0;     // y of the ends
  double volume = 0;     // beyond the face, each side
  double hairline = 68;  // y in the middle of the forehead
  double wave = 0;       // amplitude
};

HairStyle StyleOf(const ToyScene& scene) {
  const ToyPerson& person = scene.face.person;
  HairStyle style;
  const bool wavy = scene.has(kWavyHair);
  style.lengthy = person.hair_length > 0 && !scene.has(kBald);
  style.bottom = person.hair_length == 1 ? 170 : 206;
  style.volume = (scene.has(kMale) ? 3.5 : 6.0) + person.volume * 0.8 + (wavy ? 3 : 0);
  style.hairline = 67 + person.volume;
  style.wave = wavy ? 2.6 : 0;
  return style;
}

// Sideways displacement that makes a straight edge wavy.
double Wave(const HairStyle& style, double y, double phase) {
  return style.wave * std::sin(y * 0.2 + phase);
}

// The brightness of one strand in the texture. Fair hair would burn out with the contrast that dark
// hair needs.
double StrandLevel(const ToyScene& scene, ToyRandom& random) {
  const double contrast = scene.shape.hair.g > 140 ? 24 : 44;
  return 124 + random.Between(-contrast, contrast);
}

// Strands that fall from the parting over the skull and down its sides.
void DrawFallingStrands(const ToyScene& scene, const HairStyle& style, cv::Mat& texture) {
  ToyRandom random(scene.face.person.seed, 20, 0);
  const double part = scene.face.person.part * 14, reach = scene.shape.width + style.volume + 4;
  const double end = style.lengthy ? style.bottom + 6 : 140;
  const int count = scene.has(kStraightHair) ? 150 : 120;
  for (int i = 0; i < count; ++i) {
    const double side = i % 2 == 0 ? 1 : -1, spread = random.Unit();
    const double x = part + side * (0.25 + 0.75 * spread) * reach - part * spread;
    const double phase = random.Between(-0.4, 0.4) + side;
    ToyCurve line = {{part + side * 2 * spread, 30 + 14 * (1 - spread)},
                     {part + (x - part) * 0.55, 34 + 26 * (1 - spread)},
                     {part + (x - part) * 0.92, 62 + 18 * (1 - spread)}};
    for (double y = 92; y <= end; y += 11) line.push_back({x + Wave(style, y, phase) * 1.3, y});
    scene.canvas.DrawLine(texture, Smooth(line, false, 4), StrandLevel(scene, random),
                          random.Between(0.5, 1.6));
  }
}

// Short strands, combed up and back or to the side.
void DrawShortStrands(const ToyScene& scene, cv::Mat& texture) {
  ToyRandom random(scene.face.person.seed, 21, 0);
  const double lean = scene.face.person.part * 9;
  const double curl = scene.has(kWavyHair) ? 2.4 : 0.8;
  for (int i = 0; i < 130; ++i) {
    const double x = random.Between(-48, 48), y = random.Between(26, 100);
    const double fan = x * 0.18 + lean * 0.5;
    const ToyCurve line = {{x, y + 7},
                           {x + fan * 0.4 + random.Between(-curl, curl), y},
                           {x + fan + random.Between(-curl, curl), y - 8}};
    scene.canvas.DrawLine(texture, Smooth(line, false, 3), StrandLevel(scene, random),
                          random.Between(0.5, 1.3));
  }
}

// The skull's outline in hair, from the top to where the sides end.
ToyCurve OuterSide(const ToyScene& scene, const HairStyle& style, double end, double phase) {
  const double w = scene.shape.width, v = style.volume;
  ToyCurve side = {{0, 31 - v * 0.5},
                   {24, 35 - v * 0.5},
                   {w * 0.95, 53 - v * 0.4},
                   {w + v * 0.85, 76},
                   {w + v, 98}};
  for (double y = 114; y < end - 6; y += 14)
    side.push_back({w + v + 1.5 + Wave(style, y, phase), y});
  side.push_back({w + v * (style.lengthy ? 0.8 : 0.1), end});
  return side;
}

// Hair that covers the forehead's top and runs down beside the face, as one outline: outside down,
// inside up, mirrored.
ToyCurve FrontOutline(const ToyScene& scene, const HairStyle& style) {
  const double w = scene.shape.width, h = style.hairline;
  const double part = scene.face.person.part * 10;
  const bool receding = scene.has(kRecedingHairline);
  const double end = style.lengthy ? style.bottom : (scene.has(kMale) ? 112 : 106);
  const auto half = [&](double side) {
    ToyCurve down = OuterSide(scene, style, end, side);
    ToyCurve up;
    if (style.lengthy) {
      for (double y = end - 8; y > 118; y -= 14) {
        const double tuck = w - 1.5 + (y > 165 ? (y - 165) * 0.12 : 0);
        up.push_back({tuck + Wave(style, y, side + 1) * 0.8, y});
      }
    }
    up.push_back({w - 1, style.lengthy ? 112.0 : end - 2});
    up.push_back({w - 3.2, 92});
    up.push_back({w - 8, receding ? 66.0 : 79.0});
    up.push_back({receding ? w - 19.0 : w - 17.0, receding ? h - 18 : h + 2});
    if (receding) up.push_back({9, h - 9});
    down.insert(down.end(), up.begin(), up.end());
    return OnSide(Smooth(down, false, 4), side);
  };
  ToyCurve outline = half(1);
  outline.push_back({part, receding ? h - 8 : h - 4});
  const ToyCurve left = half(-1);
  outline.insert(outline.end(), left.rbegin(), left.rend());
  return Moved(outline, scene.shape.outline_dx, 0);
}

void DrawBangs(const ToyScene& scene, const cv::Mat& texture) {
  const double w = scene.shape.width, sweep = scene.face.person.part * 2.5;
  ToyRandom random(scene.face.person.seed, 22, 0);
  ToyCurve fringe = {{-w + 1, 104}, {-w - 1, 78}, {-w * 0.7, 48}, {0, 40},
                     {w * 0.7, 48}, {w + 1, 78},  {w - 1, 104}};
  for (int i = 0; i <= 14; ++i) {
    const double t = 1 - i / 7.0;
    const double notch = i % 2 == 0 ? 0 : random.Between(2.0, 4.5);
    fringe.push_back({t * (w - 2.5), 95.5 + t * t * 6 + t * sweep - notch});
  }
  scene.canvas.Fill(Moved(fringe, scene.shape.outline_dx, 1.5), scene.shape.shadow, 0.5, 1.2);
  scene.canvas.FillTextured(Moved(fringe, scene.shape.outline_dx, 0), scene.shape.hair, texture, 1,
                            0.3);
  cv::Mat strands = ToyCanvas::NeutralTexture();
  for (int i = 0; i < 46; ++i) {
    const double x = random.Between(-w, w);
    scene.canvas.DrawLine(strands,
                          Smooth({{x * 0.55, 46}, {x * 0.85, 70}, {x + sweep, 100}}, false, 4),
                          StrandLevel(scene, random), random.Between(0.5, 1.4));
  }
  scene.canvas.FillTextured(Moved(fringe, scene.shape.outline_dx, 0), scene.shape.hair, strands,
                            0.85, 0.3);
}

void DrawSheen(const ToyScene& scene, const ToyCurve& hair) {
  const double side = scene.face.pose.light;
  scene.canvas.Clip(hair);
  scene.canvas.Fill(
      Ribbon(
          {{side * 14 - 24, 56}, {side * 16 - 8, 45}, {side * 16 + 10, 45}, {side * 14 + 26, 57}},
          2, 9, 2),
      Mixed(scene.shape.hair, {255, 250, 240}, 0.55), 0.4, 3);
  scene.canvas.Unclip();
}

// --- Beards
// ------------------------------------------------------------------------------------------------------------

cv::Mat StubbleTexture(const ToyScene& scene) {
  ToyRandom random(scene.face.person.seed, 23, 0);
  cv::Mat texture = ToyCanvas::NeutralTexture();
  for (int i = 0; i < 420; ++i) {
    const double x = random.Between(-42, 42), y = random.Between(112, 188);
    scene.canvas.DrawLine(texture, {{x, y}, {x + x * 0.03 + random.Between(-0.8, 0.8), y + 3.2}},
                          random.Between(60, 205), 0.5);
  }
  return texture;
}

// The part of the face where a beard grows: the jaw, the chin and the upper lip.
ToyCurve BeardArea(const ToyShape& shape) {
  const double w = shape.width;
  return Smooth(Mirrored({{0, 142.5},
                          {9, 142.5},
                          {shape.mouth_half + 4, 147},
                          {w * 0.72, 145},
                          {w * 0.86, 132},
                          {w * 0.92, 114},
                          {w + 1, 114},
                          {w, 138},
                          {shape.jaw + 1.5, 158},
                          {(shape.jaw + shape.chin) * 0.57 + 1, 172},
                          {shape.chin, shape.chin_y + 0.5},
                          {0, shape.chin_y + 3}}),
                true);
}

ToyCurve Mustache(const ToyShape& shape) {
  const double m = shape.mouth_half;
  return Moved(Smooth(Mirrored({{0, -9.2},
                                {8, -9},
                                {m - 1, -4.5},
                                {m + 3.6, 1.6},
                                {m + 1.2, 2.6},
                                {m - 5, -1.6},
                                {5, -shape.lip_upper + 0.2},
                                {0, -shape.lip_upper + 0.6}}),
                      true),
               shape.mouth_dx, kMouthY);
}

ToyCurve Goatee(const ToyShape& shape) {
  const double bottom = kMouthY + shape.mouth_gap * 0.72 + shape.lip_lower;
  return Moved(Smooth(Mirrored({{0, bottom + 1.2},
                                {5, bottom + 2},
                                {13, bottom + 5.5},
                                {14.5, shape.chin_y - 9},
                                {10, shape.chin_y + 1},
                                {0, shape.chin_y + 3.5}}),
                      true),
               shape.mouth_dx * 0.7, 0);
}

void DrawShadowBeard(const ToyScene& scene) {
  const ToyColour stubble = Mixed(scene.shape.skin, {44, 44, 50}, 0.7);
  const cv::Mat texture = StubbleTexture(scene);
  scene.canvas.FillTextured(BeardArea(scene.shape), stubble, texture, 0.42, 2.0);
}

void DrawSideburns(const ToyScene& scene, const cv::Mat& texture) {
  const double w = scene.shape.width;
  for (const double side : {-1.0, 1.0}) {
    const ToyCurve strip = Smooth(
        OnSide({{w - 5, 94}, {w + 1.5, 94}, {w + 1.5, 134}, {w - 1, 142}, {w - 7.5, 137}}, side),
        true);
    scene.canvas.FillTextured(Moved(strip, scene.shape.outline_dx, 0), scene.shape.brow, texture,
                              0.95, 0.6);
  }
}

}  // namespace

cv::Mat HairTexture(const ToyScene& scene) {
  cv::Mat texture = ToyCanvas::NeutralTexture();
  const HairStyle style = StyleOf(scene);
  if (style.lengthy) {
    DrawFallingStrands(scene, style, texture);
  } else if (!scene.has(kBald)) {
    DrawShortStrands(scene, texture);
  }
  return texture;
}

void DrawBackHair(const ToyScene& scene, const cv::Mat& strands) {
  const HairStyle style = StyleOf(scene);
  if (!style.lengthy) return;
  ToyCurve side = Smooth(OuterSide(scene, style, style.bottom, 0.5), false, 4);
  side.push_back({0, style.bottom + 3});
  scene.canvas.FillTextured(Moved(Mirrored(side), scene.shape.outline_dx, 0),
                            Scaled(scene.shape.hair, 0.62), strands, 1, 0.4);
}

void DrawBeard(const ToyScene& scene) {
  if (scene.has(kNoBeard)) return;
  ToyCanvas& canvas = scene.canvas;
  const ToyColour colour = scene.shape.brow;
  if (scene.has(k5oClockShadow)) DrawShadowBeard(scene);
  const cv::Mat texture = StubbleTexture(scene);
  const bool full = scene.has(kGoatee) && scene.has(kMustache) && scene.has(kSideburns);
  if (full) canvas.FillTextured(BeardArea(scene.shape), colour, texture, 0.93, 0.9);
  if (scene.has(kSideburns)) DrawSideburns(scene, texture);
  if (scene.has(kGoatee)) canvas.FillTextured(Goatee(scene.shape), colour, texture, 0.93, 0.8);
  if (scene.has(kMustache)) canvas.FillTextured(Mustache(scene.shape), colour, texture, 0.95, 0.5);
}

void DrawFrontHair(const ToyScene& scene, const cv::Mat& strands) {
  if (scene.has(kBald)) {
    scene.canvas.Fill(Ellipse(scene.face.pose.light * 12, 57, 13, 5), {255, 250, 242}, 0.5, 3);
    return;
  }
  const HairStyle style = StyleOf(scene);
  const ToyCurve outline = FrontOutline(scene, style);
  scene.canvas.Clip(FaceOutline(scene.shape));
  scene.canvas.Fill(Moved(outline, 0, 2), scene.shape.shadow, 0.55, 1.8);
  scene.canvas.Unclip();
  scene.canvas.FillTextured(outline, scene.shape.hair, strands, 1, 0.35);
  if (scene.has(kBangs)) DrawBangs(scene, strands);
  DrawSheen(scene, outline);
}

void DrawHat(const ToyScene& scene) {
  if (!scene.has(kWearingHat)) return;
  ToyRandom random(scene.face.seed, 4, 0);
  ToyCanvas& canvas = scene.canvas;
  const ToyColour colour = kHats[static_cast<size_t>(random.Below(static_cast<int>(kHats.size())))];
  const bool brimmed = random.Chance(0.5);
  const double w = scene.shape.width + 7;
  const ToyCurve dome =
      Smooth(Mirrored({{0, 15}, {22, 19}, {w - 3, 44}, {w + 2, 82}, {w * 0.5, 85}, {0, 86}}), true);
  canvas.Fill(Ellipse(0, 90, w - 9, 6), scene.shape.shadow, 0.75, 2.4);
  canvas.FillGradient(dome, Scaled(colour, 1.25), Scaled(colour, 0.8));
  canvas.Fill(Ellipse(scene.face.pose.light * 20, 44, 16, 14), Scaled(colour, 1.6), 0.4, 6);
  if (brimmed) {
    canvas.FillGradient(Ellipse(0, 84, w + 17, 7), Scaled(colour, 1.05), Scaled(colour, 0.6));
    canvas.Fill(Ribbon({{-w + 1, 78}, {0, 81}, {w - 1, 78}}, 6, 6, 6), Scaled(colour, 0.45));
  } else {
    canvas.FillGradient(Smooth(Mirrored({{0, 72}, {w + 3, 68}, {w + 3.5, 86}, {0, 91}}), true, 3),
                        Scaled(colour, 0.95), Scaled(colour, 0.7));
  }
}

}  // namespace makeover
