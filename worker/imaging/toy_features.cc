#include <algorithm>
#include <array>

#include "worker/imaging/toy_parts.h"

namespace makeover {
namespace {

using enum ToyAttribute;

constexpr ToyColour kEyeWhite = {240, 237, 233};
constexpr ToyColour kLashes = {34, 22, 18};
constexpr ToyColour kMouthInside = {62, 16, 20};
constexpr ToyColour kTeeth = {244, 240, 231};
constexpr std::array<ToyColour, 4> kEyeShadows = {
    {{96, 62, 84}, {62, 76, 118}, {112, 72, 50}, {58, 52, 60}}};

// One eye, from the inner corner outwards: `u` runs to the ear.
struct Lids {
  ToyCurve upper;
  ToyCurve lower;

  ToyCurve outline() const {
    ToyCurve all = Smooth(upper, false);
    const ToyCurve below = Smooth(lower, false);
    all.insert(all.end(), below.rbegin(), below.rend());
    return all;
  }
};

Lids LidsOf(const ToyShape& shape, double side) {
  const double h = shape.eye_half, up = shape.eye_upper, down = shape.eye_lower;
  const double tilt = shape.eye_tilt;
  Lids lids;
  lids.upper = {{-h, 0.9},
                {-h * 0.55, -up * 0.72},
                {0, -up},
                {h * 0.5, -up * 0.82},
                {h * 0.85, -up * 0.2 - tilt * 0.6},
                {h, 0.2 - tilt}};
  lids.lower = {{-h, 0.9},
                {-h * 0.45, down * 0.75},
                {h * 0.15, down},
                {h * 0.7, down * 0.6 - tilt * 0.4},
                {h, 0.2 - tilt}};
  for (ToyCurve* curve : {&lids.upper, &lids.lower}) {
    *curve = OnSide(Moved(*curve, kEyeX, kEyeY), side);
  }
  return lids;
}

void DrawIris(const ToyScene& scene, double side) {
  const ToyShape& shape = scene.shape;
  ToyCanvas& canvas = scene.canvas;
  const double x = side * kEyeX + scene.face.pose.gaze * 1.2, y = kEyeY - 0.7;
  canvas.Fill(Ellipse(x, y, 4.5, 4.5), Scaled(shape.iris, 0.45));
  canvas.Fill(Ellipse(x, y, 3.8, 3.8), shape.iris, 1, 0.3);
  canvas.Fill(Ellipse(x, y + 1.4, 2.4, 1.6), Scaled(shape.iris, 1.5), 0.6, 0.5);
  canvas.Fill(Ellipse(x, y, 1.9, 1.9), {12, 10, 10});
  canvas.Fill(Ellipse(x - 1.3, y - 1.6, 0.95, 0.95), {255, 255, 255}, 0.95);
}

void DrawEyeball(const ToyScene& scene, const Lids& lids, double side) {
  ToyCanvas& canvas = scene.canvas;
  canvas.Fill(lids.outline(), kEyeWhite);
  canvas.Clip(lids.outline());
  DrawIris(scene, side);
  canvas.Fill(Ribbon(lids.upper, 2.5, 3.4, 2.5), {70, 48, 44}, 0.4, 0.8);
  canvas.Unclip();
}

void DrawLashes(const ToyScene& scene, const Lids& lids, double side) {
  const bool makeup = scene.has(kHeavyMakeup);
  const bool male = scene.has(kMale);
  const double weight =
      (makeup ? 2.1 : (male ? 1.0 : 1.4)) * std::min(1.0, 0.45 + scene.shape.eye_upper * 0.14);
  scene.canvas.Fill(Ribbon(lids.upper, 0.6, weight, weight * 0.8), kLashes, male ? 0.8 : 0.95);
  scene.canvas.Fill(Ribbon(lids.lower, 0.4, makeup ? 1.0 : 0.6, 0.5), kLashes,
                    makeup ? 0.75 : 0.35);
  if (male) return;
  const ToyPoint corner = lids.upper.back();
  const double reach = makeup ? 4.4 : 2.2;
  for (int i = 0; i < 4; ++i) {
    const ToyPoint& root = lids.upper[lids.upper.size() - 1 - static_cast<size_t>(i)];
    const double fan = reach * (1 - 0.17 * i);
    scene.canvas.Fill(Ribbon({root,
                              {root.x + side * fan * 0.55, root.y - fan * 0.35},
                              {root.x + side * fan * 0.8, root.y - fan * 0.8}},
                             1.0, 0.7, 0.2),
                      kLashes, makeup ? 0.95 : 0.7);
  }
  if (makeup) {
    scene.canvas.Fill(Ribbon({corner, {corner.x + side * 2.5, corner.y - 1.4}}, 1.6, 1.2, 0.3),
                      kLashes, 0.9);
  }
}

void DrawEyeShadow(const ToyScene& scene, const Lids& lids, double side) {
  ToyRandom random(scene.face.person.seed, 8, 0);
  const ToyColour colour = kEyeShadows[static_cast<size_t>(random.Below(4))];
  ToyCurve area = Smooth(lids.upper, false);
  const double x = side * kEyeX;
  const ToyCurve above = Smooth({{x + side * 11.5, kEyeY - 5},
                                 {x + side * 5, kEyeY - 9.2},
                                 {x - side * 4, kEyeY - 8.4},
                                 {x - side * 9, kEyeY - 2.5}},
                                false);
  area.insert(area.end(), above.begin(), above.end());
  scene.canvas.Fill(area, colour, 0.72, 1.1);
}

void DrawBag(const ToyScene& scene, double side) {
  const double x = side * kEyeX;
  const ToyCurve fold = {{x - side * 8.5, kEyeY + 4.6},
                         {x - side * 3, kEyeY + 8.2},
                         {x + side * 3, kEyeY + 8.6},
                         {x + side * 8.5, kEyeY + 5.6}};
  scene.canvas.Fill(Ellipse(x, kEyeY + 5.6, 8, 2.4), scene.shape.light, 0.3, 0.8);
  scene.canvas.Fill(Ribbon(fold, 1.4, 3.4, 1.2), scene.shape.shadow, 0.5, 1.0);
  scene.canvas.Fill(Ribbon(fold, 0.4, 0.9, 0.3), Scaled(scene.shape.shadow, 0.75), 0.7);
}

void DrawEye(const ToyScene& scene, double side) {
  const ToyShape& shape = scene.shape;
  ToyCanvas& canvas = scene.canvas;
  const Lids lids = LidsOf(shape, side);
  canvas.Fill(Ellipse(side * (kEyeX - 1.5), kEyeY - 4, 11.5, 6), shape.shadow, 0.34, 2.6);
  if (scene.has(kHeavyMakeup)) DrawEyeShadow(scene, lids, side);
  if (scene.has(kBagsUnderEyes)) DrawBag(scene, side);
  canvas.Fill(Ribbon(Moved(lids.lower, 0, 2.2), 0.5, 1.6, 0.5), shape.shadow, 0.25, 0.7);
  DrawEyeball(scene, lids, side);
  DrawLashes(scene, lids, side);
  ToyCurve crease = Moved(lids.upper, 0, -2.6);
  crease.front().y -= 0.2;
  canvas.Fill(Ribbon(crease, 0.3, 1.0, 0.5), Scaled(shape.shadow, 0.7), 0.6, 0.3);
  canvas.Fill(Ellipse(side * (kEyeX - shape.eye_half + 0.8), kEyeY + 0.9, 1.0, 0.8),
              {214, 140, 130}, 0.7);
}

ToyCurve BrowLine(const ToyShape& shape, double side, double lift) {
  const double y = shape.brow_y - lift, arch = shape.brow_arch;
  return OnSide({{7.8, y + 1.0},
                 {14, y - arch * 0.25},
                 {21, y - arch * 0.75},
                 {25.5, y - arch * 0.62},
                 {31, y + 2.6}},
                side);
}

// Single hairs that stand out of the brow.
void DrawBrowHairs(const ToyScene& scene, const ToyCurve& line, double side) {
  const bool bushy = scene.has(kBushyEyebrows);
  ToyRandom random(scene.face.person.seed, 9, side > 0 ? 1 : 0);
  const ToyCurve path = Smooth(line, false);
  const double weight = scene.shape.brow_weight * (bushy ? 0.75 : 0.5);
  for (size_t i = 0; i < path.size(); i += bushy ? 1 : 2) {
    const double jitter = random.Between(-1, 1);
    const ToyPoint root = {path[i].x, path[i].y + weight * 0.6 * jitter};
    scene.canvas.Fill(Ribbon({root, {root.x + side * 2.4, root.y - weight * 0.6}}, 0.9, 0.7, 0.2),
                      Scaled(scene.shape.brow, 0.85), 0.6);
  }
}

void DrawNostrils(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  const ToyColour dark = Scaled(shape.shadow, 0.42);
  const double half = shape.nose_half, base = shape.nose_y + 3.4;
  for (const double side : {-1.0, 1.0}) {
    const double x = shape.nose_dx + side * half * 0.47;
    scene.canvas.Fill(Ellipse(x, base - 0.2, half * 0.25, 1.25), dark, 0.85, 0.35);
    const ToyCurve wing = Moved(
        OnSide({{half - 2.2, -8.2}, {half - 0.1, -4.6}, {half - 0.4, -1.2}, {half - 2.8, 0.4}},
               side),
        shape.nose_dx, base);
    scene.canvas.Fill(Ribbon(wing, 0.5, 1.7, 0.8), shape.shadow, 0.75, 0.5);
  }
}

// Where the lips run. Relative to the middle of the mouth.
struct Lips {
  ToyCurve top;          // upper edge of the upper lip
  ToyCurve bottom;       // lower edge of the lower lip
  ToyCurve inner_upper;  // lower edge of the upper lip
  ToyCurve inner_lower;  // upper edge of the lower lip
};

Lips LipsOf(const ToyShape& shape) {
  const double m = shape.mouth_half, corner = shape.corner_y, gap = shape.mouth_gap;
  // A smile pulls the middle down while the corners go up.
  const double sag = corner < 0 ? 1.6 : 0;
  const double mid = sag - gap * 0.28, up = shape.lip_upper;
  const double low = sag + gap * 0.72, down = shape.lip_lower;
  Lips lips;
  lips.top = {{-m, corner},     {-m * 0.55, mid - up * 0.75 + corner * 0.35},
              {-2.8, mid - up}, {0, mid - up * 0.72},
              {2.8, mid - up},  {m * 0.55, mid - up * 0.75 + corner * 0.35},
              {m, corner}};
  lips.bottom = {{-m, corner},
                 {-m * 0.6, low + down * 0.7 + corner * 0.3},
                 {0, low + down},
                 {m * 0.6, low + down * 0.7 + corner * 0.3},
                 {m, corner}};
  lips.inner_upper = {{-m * 0.94, corner},
                      {-m * 0.5, mid + corner * 0.3 + 0.2},
                      {0, mid + 0.5},
                      {m * 0.5, mid + corner * 0.3 + 0.2},
                      {m * 0.94, corner}};
  lips.inner_lower = {{-m * 0.94, corner},
                      {-m * 0.5, low + corner * 0.4},
                      {0, low},
                      {m * 0.5, low + corner * 0.4},
                      {m * 0.94, corner}};
  for (ToyCurve* curve : {&lips.top, &lips.bottom, &lips.inner_upper, &lips.inner_lower}) {
    *curve = Moved(*curve, shape.mouth_dx, kMouthY);
  }
  return lips;
}

ToyCurve Between(const ToyCurve& above, const ToyCurve& below) {
  ToyCurve all = Smooth(above, false);
  const ToyCurve back = Smooth(below, false);
  all.insert(all.end(), back.rbegin(), back.rend());
  return all;
}

void DrawOpening(const ToyScene& scene, const Lips& lips) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  const ToyCurve opening = Between(lips.inner_upper, lips.inner_lower);
  canvas.Fill(opening, kMouthInside);
  canvas.Clip(opening);
  // A smile shows nearly all of the upper teeth, an open mouth their edge only.
  const double share = scene.has(kSmiling) ? 0.74 : 0.42;
  const ToyCurve edge = Moved(lips.inner_upper, 0, shape.mouth_gap * share);
  canvas.Fill(Between(lips.inner_upper, edge), kTeeth);
  for (int i = -5; i <= 5; ++i) {
    const double x = shape.mouth_dx + (i + 0.5) * shape.mouth_half * 0.19;
    canvas.Fill(Ribbon({{x, kMouthY - 6}, {x, kMouthY + 6}}, 0.35, 0.35, 0.35), {176, 166, 156},
                0.5);
  }
  canvas.Fill(Ribbon(lips.inner_upper, 1, 2.2, 1), kMouthInside, 0.55, 0.6);
  canvas.Unclip();
}

void DrawLipSkin(const ToyScene& scene, const Lips& lips) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  const bool lipstick = scene.has(kWearingLipstick);
  const double solid = lipstick ? 1.0 : 0.85;
  const double soft = lipstick ? 0.15 : 0.55;
  canvas.Fill(Between(lips.top, lips.inner_upper), Scaled(shape.lips, 0.82), solid, soft);
  canvas.Fill(Between(lips.inner_lower, lips.bottom), shape.lips, solid, soft);
  const double gloss_y = kMouthY + shape.mouth_gap * 0.72 + shape.lip_lower * 0.55;
  canvas.Fill(Ellipse(shape.mouth_dx - 1, gloss_y + (shape.corner_y < 0 ? 1.5 : 0), 5, 0.9),
              Mixed(shape.lips, {255, 240, 240}, 0.75), lipstick ? 0.75 : 0.3, 0.7);
  if (shape.mouth_gap == 0) {
    canvas.Fill(Ribbon(lips.inner_upper, 0.5, 1.1, 0.5), Scaled(shape.lips, 0.36), 0.85, 0.25);
  }
}

void DrawMouthShadows(const ToyScene& scene) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  const double bottom = kMouthY + shape.mouth_gap * 0.72 + shape.lip_lower;
  canvas.Fill(Ellipse(shape.mouth_dx, bottom + 3.4, 9, 1.8), shape.shadow, 0.42, 1.4);
  canvas.Fill(Ellipse(shape.mouth_dx * 1.2, kMouthY - shape.lip_upper - 3.2, 1.5, 3), shape.shadow,
              0.22, 0.8);
  for (const double side : {-1.0, 1.0}) {
    const double x = shape.mouth_dx + side * (shape.mouth_half + 0.8), y = kMouthY + shape.corner_y;
    canvas.Fill(Ellipse(x, y, 1.7, 1.5), shape.shadow, 0.6, 0.7);
  }
}

// The folds from the nose past the corners of the mouth: a smile's, or age's.
void DrawSmileFolds(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  const bool smiling = scene.has(kSmiling);
  const bool young = scene.has(kYoung);
  const double opacity = (smiling ? 0.55 : 0.12) + (young ? 0 : 0.3);
  const double out = smiling ? 6.5 : 3.5;
  for (const double side : {-1.0, 1.0}) {
    const ToyCurve fold = Moved(OnSide({{shape.nose_half + 0.5, -15.5},
                                        {shape.nose_half + 5, -11},
                                        {shape.mouth_half + out - 1, -5},
                                        {shape.mouth_half + out - 1.5, 2.5}},
                                       side),
                                (shape.nose_dx + shape.mouth_dx) / 2, kMouthY);
    scene.canvas.Fill(Ribbon(fold, 0.6, 2.2, 0.5), shape.shadow, opacity, 0.8);
    if (!young) {
      scene.canvas.Fill(Ribbon(fold, 0.3, 0.9, 0.3), Scaled(shape.shadow, 0.75), 0.6, 0.2);
    }
  }
}

}  // namespace

void DrawEyes(const ToyScene& scene) {
  DrawEye(scene, -1);
  DrawEye(scene, 1);
}

void DrawBrows(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  const double uneven = scene.has(kAttractive) ? 0 : 1.0;
  for (const double side : {-1.0, 1.0}) {
    const ToyCurve line = BrowLine(shape, side, side > 0 ? uneven : 0);
    const double weight = shape.brow_weight;
    scene.canvas.Fill(Ribbon(line, weight * 0.75, weight, 0.5), shape.brow, 0.85, 0.45);
    DrawBrowHairs(scene, line, side);
  }
}

void DrawNose(const ToyScene& scene) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  const double half = shape.nose_half, tip = shape.nose_y, dx = shape.nose_dx;
  const bool pointy = scene.has(kPointyNose), big = scene.has(kBigNose);
  for (const double side : {-1.0, 1.0}) {
    const double opacity = 0.24 + 0.16 * side * -scene.face.pose.light;
    canvas.Fill(OnSide({{3.5, kEyeY - 6},
                        {7.5, kEyeY - 3},
                        {6.5, 122},
                        {half + 0.5, tip - 3},
                        {half * 0.55, tip - 1},
                        {3.2, 122}},
                       side),
                shape.shadow, opacity, 1.5);
  }
  canvas.Fill(
      Ribbon({{dx * 0.2, kEyeY - 5}, {dx * 0.6, 122}, {dx, tip - 3}}, 2, pointy ? 2 : 3.4, 2),
      shape.light, 0.5, 1.1);
  canvas.Fill(Ellipse(dx, tip - 1.6, big ? 5.2 : (pointy ? 1.8 : 3.2), pointy ? 2 : 2.6),
              shape.light, pointy ? 0.8 : 0.6, pointy ? 0.6 : 1.1);
  canvas.Fill(Ellipse(dx, tip + 5.6, half * 0.9, 1.8), shape.shadow, 0.5, 1.1);
  if (pointy) {
    canvas.Fill(
        Ribbon({{dx - 3.6, tip + 0.4}, {dx, tip + 3.4}, {dx + 3.6, tip + 0.4}}, 0.4, 1.2, 0.4),
        shape.shadow, 0.75, 0.4);
  }
  if (big) {
    canvas.Fill(Ribbon({{dx - 6, tip - 2},
                        {dx - 4.5, tip + 2.4},
                        {dx, tip + 3.6},
                        {dx + 4.5, tip + 2.4},
                        {dx + 6, tip - 2}},
                       0.6, 1.5, 0.6),
                shape.shadow, 0.5, 0.7);
  }
  DrawNostrils(scene);
}

void DrawMouth(const ToyScene& scene) {
  const Lips lips = LipsOf(scene.shape);
  DrawSmileFolds(scene);
  DrawMouthShadows(scene);
  if (scene.shape.mouth_gap > 0) DrawOpening(scene, lips);
  DrawLipSkin(scene, lips);
}

}  // namespace makeover
