// Plans of small models against what they took: tests/data/plan/real.tsv, which tools/truth/plans.py asked torch.
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "support/files.h"

#include "weigh/plan.h"
#include "weigh/read.h"

namespace weigh {
namespace {

// A safetensors file of float32 zeros with these shapes.
std::string weights_of(const nlohmann::json& shapes) {
  nlohmann::ordered_json header;
  std::uint64_t end = 0;
  for (const auto& [name, shape] : shapes.items()) {
    std::uint64_t bytes = 4;
    for (const auto& extent : shape) bytes *= extent.get<std::uint64_t>();
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  }
  const std::string text = header.dump();
  std::string file(8, '\0');
  for (unsigned i = 0; i < 8; ++i) file[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  return file + text + std::string(end, '\0');
}

struct Real {
  std::map<std::string, std::map<std::string, std::uint64_t>> bytes;  // by what, and of what
};

std::map<std::string, Real> real_models() {
  std::map<std::string, Real> models;
  std::istringstream lines(testing::file("plan/real.tsv"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string model, what, of, bytes;
    for (std::string* cell : {&model, &what, &of, &bytes}) std::getline(cells, *cell, '\t');
    models[model].bytes[what][of] = std::stoull(bytes);
  }
  return models;
}

class Reality : public ::testing::Test {
 protected:
  void of_each(const std::function<void(const Real&)>& look) {
    const std::map<std::string, Real> models = real_models();
    EXPECT_EQ(models.size(), 10U);
    for (const auto& [name, real] : models) {
      SCOPED_TRACE(name);
      const std::string folder = "plan/models/" + name;
      const auto files = memory_folder(
          "", {{"config.json", testing::file(folder + "/config.json")},
               {"model.safetensors", weights_of(nlohmann::json::parse(testing::file(folder + "/shapes.json")))}});
      model_ = read(*files, "model.safetensors");
      look(real);
    }
  }

  std::map<std::string, std::uint64_t> planned(const PlanOptions& options) {
    std::map<std::string, std::uint64_t> lines;
    for (const PlanLine& line : plan(summarize(model_), options).lines) lines[line.what] = line.bytes.known();
    return lines;
  }

  Model model_;
};

// 64 tokens of each of 2 texts.
TEST_F(Reality, ToServe) {
  of_each([&](const Real& real) {
    PlanOptions options;
    options.cache.context = 64;
    options.cache.batch = 2;
    const auto lines = planned(options);
    EXPECT_EQ(lines.at("weights"), real.bytes.at("weights").at("float32"));
    const auto cache = real.bytes.find("cache");
    EXPECT_EQ(lines.count("keys and values"), cache == real.bytes.end() ? 0U : 1U);
    if (cache != real.bytes.end()) {
      EXPECT_EQ(lines.at("keys and values"), cache->second.at("float32"));
    }
  });
}

// Buffers of floats are halved by torch's Module.to, and kept as they are by those who load them: never less than real.
TEST_F(Reality, InAnotherForm) {
  of_each([&](const Real& real) {
    PlanOptions options;
    options.weights = "bfloat16";
    const std::uint64_t bytes = planned(options).at("weights");
    const std::uint64_t buffers = summarize(model_).totals.buffers.known();
    EXPECT_EQ(bytes, real.bytes.at("weights").at("bfloat16") + 2 * buffers);
  });
}

TEST_F(Reality, ToTrain) {
  of_each([&](const Real& real) {
    PlanOptions options;
    options.train = true;
    auto lines = planned(options);
    EXPECT_EQ(lines.at("gradients"), real.bytes.at("gradients").at("float32"));
    EXPECT_EQ(lines.at("optimizer states"), real.bytes.at("states").at("float32"));
    EXPECT_EQ(lines.at("weights") + lines.at("gradients") + lines.at("optimizer states") +
                  real.bytes.at("aside").at("float32"),
              real.bytes.at("tracked").at("float32"));
    options.precision = Precision::true_bf16;
    lines = planned(options);
    EXPECT_EQ(lines.at("gradients"), real.bytes.at("gradients").at("bfloat16"));
    EXPECT_EQ(lines.at("optimizer states"), real.bytes.at("states").at("bfloat16"));
  });
}

// Without a forward the inputs of layers are a lower bound, and most of what checkpointing keeps.
TEST_F(Reality, ActivationsAreBoundedFromBelow) {
  of_each([&](const Real& real) {
    PlanOptions options;
    options.train = true;
    options.cache.context = 64;
    options.cache.batch = 2;
    const std::uint64_t inputs = planned(options).at("inputs of layers");
    EXPECT_EQ(inputs, 3U * 2 * 64 * 64 * 4);
    EXPECT_LT(inputs, real.bytes.at("activations").at("checkpointing"));
    EXPECT_LT(inputs, real.bytes.at("activations").at("plain"));
  });
}

TEST_F(Reality, Adapters) {
  std::size_t adapted = 0;
  of_each([&](const Real& real) {
    const auto adapters = real.bytes.find("adapters");
    if (adapters == real.bytes.end()) return;
    ++adapted;
    const auto& [targets, bytes] = *adapters->second.begin();
    PlanOptions options;
    options.train = true;
    options.lora = Lora{4, {targets.substr(0, targets.find(',')), targets.substr(targets.find(',') + 1)}};
    const auto lines = planned(options);
    EXPECT_EQ(lines.at("adapters"), bytes);
    EXPECT_EQ(lines.at("gradients"), real.bytes.at("adapter gradients").at(targets));
    EXPECT_EQ(lines.at("optimizer states"), real.bytes.at("adapter states").at(targets));
  });
  EXPECT_EQ(adapted, 8U);
}

}  // namespace
}  // namespace weigh
