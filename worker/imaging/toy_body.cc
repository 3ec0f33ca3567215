#include <array>

#include "worker/imaging/toy_parts.h"

namespace makeover {
namespace {

using enum ToyAttribute;

constexpr ToyColour kGold = {222, 178, 74};
constexpr std::array<ToyColour, 8> kClothes = {{{38, 42, 52},
                                                {92, 28, 34},
                                                {36, 68, 110},
                                                {208, 204, 198},
                                                {52, 88, 66},
                                                {128, 98, 140},
                                                {190, 118, 60},
                                                {76, 76, 80}}};
constexpr std::array<ToyColour, 4> kTies = {
    {{150, 24, 32}, {30, 52, 120}, {40, 96, 74}, {96, 40, 104}}};

void DrawNeck(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  const double n = shape.neck;
  const ToyCurve side = {{0, 148},      {n, 150},  {n - 1, 182}, {n + 5, 198},
                         {n + 34, 209}, {62, 224}, {0, 226}};
  const ToyCurve outline = Smooth(Mirrored(side), true);
  scene.canvas.FillGradient(outline, Mixed(shape.skin, shape.shadow, 0.75),
                            Mixed(shape.skin, shape.shadow, 0.12));
  scene.canvas.Clip(outline);
  scene.canvas.Fill(Ellipse(0, shape.chin_y - 4, shape.jaw + 2, 16), shape.shadow, 0.6, 4);
  scene.canvas.Unclip();
}

// The upper edge of the clothes, from the middle to the shoulder.
ToyCurve Clothes(double neck, double dip) {
  ToyCurve side = {{0, 196 + dip},  {neck * 0.55, 196 + dip * 0.55},
                   {neck + 6, 196}, {neck + 34, 204},
                   {84, 212},       {110, 226}};
  side = Smooth(side, false);
  side.push_back({110, 240});
  side.push_back({0, 240});
  return Mirrored(side);
}

void DrawNecktie(const ToyScene& scene, ToyRandom& random) {
  ToyCanvas& canvas = scene.canvas;
  const double n = scene.shape.neck;
  canvas.Fill(Clothes(n, 16), {238, 238, 242});
  for (const double side : {-1.0, 1.0}) {
    canvas.Fill(OnSide({{n + 4, 194}, {3, 203}, {14, 214}, {n + 12, 200}}, side), {250, 250, 252});
    canvas.Fill(OnSide({{n + 12, 199}, {15, 222}, {110, 230}, {84, 211}, {n + 34, 203}}, side),
                {40, 44, 56});
  }
  const ToyColour tie = kTies[static_cast<size_t>(random.Below(4))];
  canvas.Fill({{-5, 201}, {5, 201}, {3.6, 208}, {-3.6, 208}}, tie);
  canvas.Fill({{-3.6, 208}, {3.6, 208}, {8, 226}, {-8, 226}}, Scaled(tie, 0.85));
}

void DrawNecklace(const ToyScene& scene) {
  const double n = scene.shape.neck;
  const ToyCurve chain =
      Smooth({{-n - 3, 192}, {-n * 0.6, 201}, {0, 206}, {n * 0.6, 201}, {n + 3, 192}}, false, 8);
  scene.canvas.Fill(Ribbon(chain, 1, 1.6, 1), Scaled(kGold, 0.6), 0.9, 0.3);
  for (const ToyPoint& bead : chain) {
    scene.canvas.Fill(Ellipse(bead.x, bead.y, 1.3, 1.3), kGold);
  }
  scene.canvas.Fill(Ellipse(0, 209, 2.6, 3.2), {250, 224, 150});
}

void DrawEar(const ToyScene& scene, double side) {
  const ToyShape& shape = scene.shape;
  const double x = side * (shape.width + 1.6) + shape.outline_dx;
  scene.canvas.Fill(Ellipse(x, 120, 5, 11.5), Mixed(shape.skin, shape.shadow, 0.2));
  scene.canvas.Fill(Ellipse(x + side * 0.6, 119, 2.6, 7.5), shape.shadow, 0.5, 0.9);
}

// Light from one side, darkness at the rim: what makes a disc a head.
void DrawModelling(const ToyScene& scene) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  const double w = shape.width, from = scene.face.pose.light;
  for (const double side : {-1.0, 1.0}) {
    const double opacity = 0.4 - 0.2 * side * from;
    canvas.Fill(OnSide({{w * 0.94, 70},
                        {w * 0.9, 110},
                        {w * 0.88, 140},
                        {shape.jaw * 0.8, 160},
                        {shape.chin, shape.chin_y - 2},
                        {w + 14, shape.chin_y},
                        {w + 14, 70}},
                       side),
                shape.shadow, opacity, 5);
  }
  canvas.Fill(Ellipse(from * 8, 76, 22, 12), shape.light, 0.45, 7);
  canvas.Fill(Ellipse(from * 24, 126, 11, 9), shape.light, 0.3, 5);
  canvas.Fill(Ellipse(shape.mouth_dx, shape.chin_y - 9, 8, 5), shape.light, 0.35, 3);
  canvas.Fill(Ellipse(0, shape.chin_y + 3, shape.chin + 12, 6), shape.shadow, 0.35, 3);
}

void DrawCheeks(const ToyScene& scene) {
  ToyCanvas& canvas = scene.canvas;
  const ToyShape& shape = scene.shape;
  for (const double side : {-1.0, 1.0}) {
    if (scene.has(kHighCheekbones)) {
      canvas.Fill(Ellipse(side * 25, 126, 8.5, 4), shape.light, 0.7, 2.4);
      canvas.Fill(OnSide({{35, 132}, {22, 143}, {21, 148}, {33, 142}}, side), shape.shadow, 0.55,
                  2.2);
    }
    if (scene.has(kHeavyMakeup)) {
      canvas.Fill(Ellipse(side * 27, 131, 8, 5.5), {214, 92, 96}, 0.3, 3);
    }
    if (scene.has(kRosyCheeks)) {
      canvas.Fill(Ellipse(side * 24, 134, 9.5, 8), {228, 84, 92}, 0.46, 3.4);
    }
  }
}

void DrawWrinkles(const ToyScene& scene) {
  ToyCanvas& canvas = scene.canvas;
  const ToyColour line = Scaled(scene.shape.shadow, 0.8);
  for (int i = 0; i < 3; ++i) {
    const double y = 74 + 7 * i;
    canvas.Fill(Ribbon({{-20, y + 2}, {-8, y}, {0, y + 1}, {8, y}, {20, y + 2}}, 0.3, 1.0, 0.3),
                line, 0.5, 0.3);
  }
  for (const double side : {-1.0, 1.0}) {
    for (int i = 0; i < 3; ++i) {
      const double end = kEyeY - 4.5 + 4.5 * i;
      canvas.Fill(
          Ribbon(OnSide({{30, kEyeY - 1 + i * 1.2}, {33, (kEyeY + end) / 2}, {36.5, end}}, side),
                 0.4, 0.9, 0.3),
          line, 0.65, 0.2);
    }
    canvas.Fill(Ribbon(OnSide({{2.6, 97}, {2.2, 101}, {3, 105}}, side), 0.4, 0.9, 0.4), line, 0.55,
                0.2);
    canvas.Fill(Ribbon(OnSide({{19, 157}, {20.5, 163}, {20, 169}}, side), 0.4, 1.2, 0.4), line, 0.5,
                0.4);
    canvas.Fill(OnSide({{12, 122}, {20, 126}, {27, 125}, {21, 129}}, side), scene.shape.shadow, 0.3,
                1.2);
  }
}

// What an even skin lacks: spots, and patches of red.
void DrawBlemishes(const ToyScene& scene) {
  ToyRandom random(scene.face.person.seed, 10, 0);
  const ToyShape& shape = scene.shape;
  for (int i = 0; i < 4; ++i) {
    const double x = random.Between(-28, 28), y = random.Between(118, 172);
    scene.canvas.Fill(Ellipse(x, y, random.Between(3, 7), random.Between(3, 6)), {190, 84, 76}, 0.2,
                      2);
  }
  for (int i = 0; i < 11; ++i) {
    const double x = random.Between(-31, 31), y = random.Between(92, 174);
    const double radius = random.Between(0.45, 0.9);
    scene.canvas.Fill(Ellipse(x, y, radius, radius), Mixed(shape.skin, shape.shadow, 0.9), 0.55,
                      0.4);
  }
}

void DrawDoubleChin(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  const double y = shape.chin_y, half = shape.chin + 10;
  const ToyCurve fold = {
      {-half, y - 2}, {-half * 0.55, y + 8}, {0, y + 11}, {half * 0.55, y + 8}, {half, y - 2}};
  ToyCurve bag = Smooth(fold, false);
  bag.push_back({half - 4, y - 8});
  bag.push_back({-half + 4, y - 8});
  scene.canvas.Fill(bag, Mixed(shape.skin, shape.shadow, 0.2), 0.95, 0.8);
  scene.canvas.Fill(Ribbon(fold, 0.8, 3.2, 0.8), shape.shadow, 0.8, 0.9);
  // The chin itself stays in front of it.
  scene.canvas.Fill(Ribbon({{-shape.chin - 5, y - 8},
                            {-shape.chin * 0.5, y - 1.2},
                            {0, y},
                            {shape.chin * 0.5, y - 1.2},
                            {shape.chin + 5, y - 8}},
                           0.6, 2.4, 0.6),
                    shape.shadow, 0.75, 0.7);
}

}  // namespace

void DrawBackdrop(const ToyScene& scene) {
  ToyRandom random(scene.face.seed, 1, 0);
  const ToyColour colour = {random.Between(40, 225), random.Between(40, 225),
                            random.Between(40, 225)};
  const ToyColour gray = Mixed(colour, {140, 140, 145}, random.Between(0.3, 0.8));
  scene.canvas.Backdrop(Scaled(gray, random.Between(0.8, 1.3)),
                        Scaled(gray, random.Between(0.5, 0.9)), random);
}

void DrawBody(const ToyScene& scene) {
  ToyRandom random(scene.face.seed, 2, 0);
  const ToyColour cloth =
      kClothes[static_cast<size_t>(random.Below(static_cast<int>(kClothes.size())))];
  const double dip = scene.has(kMale) ? random.Between(4, 10) : random.Between(8, 22);
  DrawNeck(scene);
  scene.canvas.FillGradient(Clothes(scene.shape.neck, dip), cloth, Scaled(cloth, 0.7));
  if (scene.has(kWearingNecktie)) DrawNecktie(scene, random);
  if (scene.has(kWearingNecklace)) DrawNecklace(scene);
}

void DrawHead(const ToyScene& scene) {
  const ToyShape& shape = scene.shape;
  DrawEar(scene, -1);
  DrawEar(scene, 1);
  if (scene.has(kDoubleChin)) DrawDoubleChin(scene);
  const ToyCurve outline = FaceOutline(shape);
  scene.canvas.FillGradient(outline, Mixed(shape.skin, shape.light, 0.25),
                            Mixed(shape.skin, shape.shadow, 0.1));
  scene.canvas.Clip(outline);
  DrawModelling(scene);
  scene.canvas.Unclip();
}

void DrawSkinSigns(const ToyScene& scene) {
  scene.canvas.Clip(FaceOutline(scene.shape));
  if (!scene.has(kAttractive)) DrawBlemishes(scene);
  DrawCheeks(scene);
  if (!scene.has(kYoung)) DrawWrinkles(scene);
  scene.canvas.Unclip();
}

void DrawGlasses(const ToyScene& scene) {
  if (!scene.has(kEyeglasses)) return;
  ToyRandom random(scene.face.person.seed, 11, 0);
  ToyCanvas& canvas = scene.canvas;
  const bool sun = random.Chance(0.2), round = random.Chance(0.4);
  const ToyColour frame = random.Chance(0.7) ? ToyColour{24, 22, 24} : ToyColour{104, 54, 30};
  const double rx = round ? 13 : 14.5, ry = round ? 12 : 10, y = kEyeY + 1.2;
  for (const double side : {-1.0, 1.0}) {
    const double x = side * (kEyeX + 0.6);
    const ToyCurve lens = round ? Ellipse(x, y, rx, ry)
                                : Smooth({{x - rx, y - ry * 0.8},
                                          {x, y - ry},
                                          {x + rx, y - ry * 0.8},
                                          {x + rx, y + ry * 0.4},
                                          {x + rx * 0.5, y + ry},
                                          {x - rx * 0.5, y + ry},
                                          {x - rx, y + ry * 0.4}},
                                         true);
    canvas.Fill(lens, sun ? ToyColour{26, 24, 28} : ToyColour{206, 222, 232}, sun ? 0.88 : 0.14);
    canvas.Fill({{x - 8, y - 7}, {x - 4, y - 7}, {x - 8, y + 3}, {x - 11, y + 3}}, {255, 255, 255},
                sun ? 0.3 : 0.24, 0.6);
    ToyCurve rim = lens;
    rim.push_back(lens.front());
    canvas.Fill(Ribbon(rim, 2.3, 2.3, 2.3), frame);
    canvas.Fill(Ribbon({{side * (kEyeX + rx), y - 4}, {side * (scene.shape.width + 3), y - 6}}, 2.4,
                       2.2, 2),
                frame);
  }
  canvas.Fill(Ribbon({{-5.5, y - 2}, {0, y - 4.2}, {5.5, y - 2}}, 2, 2.2, 2), frame);
}

void DrawEarrings(const ToyScene& scene) {
  if (!scene.has(kWearingEarrings)) return;
  ToyRandom random(scene.face.seed, 3, 0);
  const bool hoops = random.Chance(0.5);
  for (const double side : {-1.0, 1.0}) {
    const double x = side * (scene.shape.width + 1.2) + scene.shape.outline_dx;
    if (hoops) {
      ToyCurve ring = Ellipse(x, 141, 4.2, 6.5);
      ring.push_back(ring.front());
      scene.canvas.Fill(Ribbon(ring, 1.7, 1.7, 1.7), kGold);
    } else {
      scene.canvas.Fill(Ribbon({{x, 132}, {x, 142}}, 1, 1, 1), kGold);
      scene.canvas.Fill(Ellipse(x, 143, 3, 4), kGold);
    }
    scene.canvas.Fill(Ellipse(x - 1, 141.5, 1, 1.2), {255, 250, 230}, 0.9);
  }
}

}  // namespace makeover
