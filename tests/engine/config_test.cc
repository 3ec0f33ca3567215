#include "worker/engine/config.h"

#include <gtest/gtest.h>

#include <string>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

std::string Refusal(const std::string& assignment) {
  Config config;
  try {
    ApplySetting(assignment, &config);
    return "";
  } catch (const EngineError& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kUser);
    return std::string(error.what()) + " " + error.advice();
  }
}

TEST(ConfigTest, SettingsAreSet) {
  Config config;
  ApplySetting("noise=0.5", &config);
  ApplySetting("batch_size=8", &config);
  ApplySetting("flip=0", &config);
  ApplySetting("size=40x48", &config);
  ApplySetting("window=full", &config);
  EXPECT_EQ(config.size, (PixelShape{48, 40}));
  EXPECT_EQ(config.window, "full");
  EXPECT_EQ(config.noise, 0.5);
  EXPECT_EQ(config.batch_size, 8);
  EXPECT_FALSE(config.flip);
}

TEST(ConfigTest, ATypoNamesTheNearestSetting) {
  EXPECT_NE(Refusal("learning_rte=1").find("Did you mean learning_rate"), std::string::npos);
}

TEST(ConfigTest, WrongValuesAreRefused) {
  EXPECT_NE(Refusal("batch_size=1.5"), "");
  EXPECT_NE(Refusal("batch_size=1").find("from 2"), std::string::npos);
  EXPECT_NE(Refusal("noise=nan"), "");
  EXPECT_NE(Refusal("noise="), "");
  EXPECT_NE(Refusal("noise"), "");
  EXPECT_NE(Refusal("flip=maybe"), "");
  EXPECT_NE(Refusal("beta1=1"), "");
  for (const char* size : {"size=", "size=40", "size=40x50", "size=42x48", "size=0x48", "size=40x",
                           "size=40x48x2", "size=-40x48", "size=4000x5000"}) {
    EXPECT_NE(Refusal(size).find("WxH"), std::string::npos) << size;
  }
}

TEST(ConfigTest, SurvivesJson) {
  Config config;
  config.noise = 0.1 + 0.2;
  config.seed = 123456789012345;
  config.flip = false;
  config.size = {160, 128};
  config.window = "25,58,128x160";
  const Config copy = ConfigFromJson(ConfigToJson(config));
  EXPECT_EQ(copy.noise, config.noise);
  EXPECT_EQ(copy.seed, config.seed);
  EXPECT_FALSE(copy.flip);
  EXPECT_EQ(copy.size, config.size);
  EXPECT_EQ(copy.window, config.window);
  EXPECT_EQ(ConfigToJson(copy).Write(), ConfigToJson(config).Write());
}

TEST(ConfigTest, AnOldRunGoesOnWithoutWhatItDidNotKnow) {
  const Config config = ConfigFromJson(Json::Object{{"recipe", "makeover"}, {"noise", 0.5}});
  EXPECT_EQ(config.recipe, "makeover");
  EXPECT_EQ(config.noise, 0.5);
  EXPECT_EQ(config.keep_weight, 0);
  EXPECT_EQ(config.keep_goal, 0);
  EXPECT_EQ(config.keep_turnover, 0);
  EXPECT_EQ(config.aim_weight, 0);
  EXPECT_EQ(config.mirror_weight, 0);
  EXPECT_EQ(config.hue_weight, 0);
  EXPECT_EQ(config.cold_weight, 0);
  EXPECT_EQ(config.purple_weight, 0);
  EXPECT_EQ(config.balance, 1);
  EXPECT_EQ(config.augment, 0);
  EXPECT_EQ(config.augment_goal, 0);
  EXPECT_EQ(config.update_clip, 0);
}

TEST(ConfigTest, StrangeJsonIsRefused) {
  EXPECT_THROW(ConfigFromJson(Json::Object{{"recipe", "classic"}, {"unknown", 1}}), EngineError);
  EXPECT_THROW(ConfigFromJson(Json::Object{{"recipe", "clasic"}}), EngineError);
  EXPECT_THROW(ConfigFromJson(Json(1)), EngineError);
}

TEST(ConfigTest, ASettingThatIsNoMoreIsLeftOut) {
  const Config config =
      ConfigFromJson(Json::Object{{"recipe", "makeover"}, {"mirror_light", 1}, {"noise", 0.5}});
  EXPECT_EQ(ConfigToJson(config).Find("mirror_light"), nullptr);
  EXPECT_EQ(config.noise, 0.5);
}

TEST(ConfigTest, EverySettingIsDescribedAndTakesItsDefault) {
  for (const std::string& recipe : RecipeNames()) {
    Config config;
    config.recipe = recipe;
    for (const SettingHelp& line : DescribeSettings(recipe)) {
      EXPECT_FALSE(line.help.empty()) << line.name;
      EXPECT_NO_THROW(SetSetting(line.name, line.value, &config)) << line.name;
    }
    EXPECT_EQ(ConfigToJson(config).Write(), ConfigToJson(RecipeDefaults(recipe)).Write());
  }
}

}  // namespace
}  // namespace makeover::engine
