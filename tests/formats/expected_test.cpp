// Every fixture against what the tool that wrote it said of it: tests/data/expected.json.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"

#include "weigh/weigh.h"

namespace weigh {
namespace {

using Json = nlohmann::json;

const Json& expectations() {
  static const Json all = Json::parse(testing::file("expected.json"));
  return all;
}

std::vector<std::string> names_of_fixtures() {
  std::vector<std::string> names;
  for (const auto& [name, expected] : expectations().items())
    if (name.find("protocol0") == std::string::npos) names.push_back(name);
  return names;
}

class Fixture : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    model_ = read(testing::data_path(GetParam()));
    summary_ = summarize(model_);
  }

  const Json& expected() const { return expectations().at(GetParam()); }
  bool says(const char* key) const { return expected().contains(key) && !expected()[key].is_null(); }
  std::uint64_t number(const char* key) const { return expected()[key].get<std::uint64_t>(); }

  // In a file that holds one model, its names stand without the keys that lead to it.
  const Tensor* find(std::string path) const {
    for (;;) {
      for (const Tensor& tensor : model_.tensors)
        if (model_.path_of(tensor) == path) return &tensor;
      const std::size_t dot = path.find('.');
      if (dot == std::string::npos) return nullptr;
      path.erase(0, dot + 1);
    }
  }

  // What is known of tensors that are not initialised: torch counts it as nothing.
  std::uint64_t known_of_uninitialised(Role role, bool trainable_only = false) const {
    std::uint64_t sum = 0;
    for (const Tensor& tensor : model_.tensors)
      if (tensor.state == State::uninitialised && tensor.role == role && tensor.tied_to == kNone &&
          (!trainable_only || tensor.requires_grad == RequiresGrad::yes))
        sum += model_.numel(tensor).known();
    return sum;
  }

  // A buffer that a state dict does not tell from a parameter by anything.
  bool has_a_deceptive_name(const std::string& path) const {
    return (GetParam() == "pytorch/modules/direct_state.pt" && path == "mean") ||
           (GetParam() == "pytorch/modules/parametrized_state.pt" && path == "2.parametrizations.weight.0.base");
  }

  // A module that stands in several places owns its tensors in the first.
  bool is_below_an_alias(const std::string& path) const {
    for (Index i = 0; i < model_.modules.size(); ++i)
      if (model_.modules[i].alias_of != kNone && path.find(model_.path_of(i) + ".") != std::string::npos) return true;
    return false;
  }

  Model model_;
  Summary summary_;
};

TEST_P(Fixture, HasTheCountsOfItsMaker) {
  const Totals& totals = summary_.totals;
  // Roles in a state dict are inferred: where a name deceives, parameters and buffers together must be right.
  if (says("parameters") && says("buffers")) {
    std::uint64_t sum_of_copies = 0;
    for (const Section& section : model_.sections)
      if (section.kind == SectionKind::copy && !says("types"))
        sum_of_copies += (summary_.tallies[section.root].parameters + summary_.tallies[section.root].buffers).known();
    EXPECT_EQ(totals.parameters.known() - known_of_uninitialised(Role::parameter) + totals.buffers.known() -
                  known_of_uninitialised(Role::buffer) + sum_of_copies,
              number("parameters") + number("buffers"));
    EXPECT_EQ(totals.uninitialized_parameters, number("uninitialized_parameters"));
    EXPECT_EQ(totals.uninitialized_buffers, number("uninitialized_buffers"));
  }
  if (says("elements")) {
    EXPECT_EQ((totals.parameters + totals.buffers).known(), number("elements"));
  }
  if (says("bytes") && GetParam() != "pytorch/tensors/quantised.pt") {  // torch: a whole byte for each of 4 and 2 bits
    std::uint64_t bytes = totals.bytes.known();
    for (const Section& section : model_.sections)
      if (section.kind == SectionKind::copy && !says("types")) bytes += summary_.tallies[section.root].bytes.known();
    EXPECT_EQ(bytes, number("bytes"));
  }
  if (says("types")) {
    EXPECT_EQ(totals.trainable.known() - known_of_uninitialised(Role::parameter, true), number("trainable"));
  }
}

TEST_P(Fixture, HasTheTensorsOfItsMaker) {
  if (!says("tensors")) return;
  for (const auto& [path, tensor] : expected()["tensors"].items()) {
    SCOPED_TRACE(path);
    if (is_below_an_alias(path)) continue;
    const Tensor* found = path.empty() && model_.tensors.size() == 1 ? model_.tensors.data() : find(path);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->state == State::uninitialised, tensor.contains("uninitialized"));
    EXPECT_EQ(found->state == State::meta, tensor.contains("meta"));
    if (!tensor["dtype"].is_null()) {
      EXPECT_EQ(name(found->dtype), tensor["dtype"].get<std::string>());
    }
    if (!tensor["shape"].is_null()) {
      ASSERT_EQ(found->rank, tensor["shape"].size());
      for (std::size_t i = 0; i < found->rank; ++i) {
        const Extent extent = model_.shape_begin(*found)[i];
        if (tensor["shape"][i].is_null() || !extent.is_known()) {  // of a nested tensor
          EXPECT_EQ(found->layout, Layout::nested);
        } else {
          EXPECT_EQ(extent.size(), tensor["shape"][i].get<std::uint64_t>());
        }
      }
    }
    if (!tensor["role"].is_null() && !has_a_deceptive_name(path)) {
      EXPECT_EQ(found->role == Role::parameter ? "parameter" : "buffer", tensor["role"].get<std::string>());
    }
    if (!tensor["requires_grad"].is_null() && tensor["role"] == "parameter") {
      EXPECT_EQ(found->requires_grad == RequiresGrad::yes, tensor["requires_grad"].get<bool>());
    }
    if (tensor["tied_to"].is_null()) {
      EXPECT_EQ(found->tied_to, kNone);
    } else {
      ASSERT_NE(found->tied_to, kNone);
      EXPECT_EQ(&model_.tensors[found->tied_to], find(tensor["tied_to"]));
    }
  }
}

TEST_P(Fixture, HasTheModulesOfItsMaker) {
  if (!says("types") || expected()["kind"] == "checkpoint") return;
  std::map<std::string, const Module*> modules;
  for (Index i = 0; i < model_.modules.size(); ++i)
    if (model_.modules[i].alias_of == kNone) modules.emplace(model_.path_of(i), &model_.modules[i]);
  for (const auto& [path, type] : expected()["types"].items()) {
    SCOPED_TRACE(path);
    ASSERT_TRUE(modules.contains(path));
    EXPECT_EQ(modules[path]->type, type.get<std::string>());
    EXPECT_EQ(modules[path]->mode, expected()["training"][path].get<bool>() ? Mode::train : Mode::eval);
  }
  EXPECT_EQ(modules.size(), expected()["types"].size());
}

// Put the number of input features into the expression, and it is the count that torch reached by a forward.
TEST_P(Fixture, BecomesWhatAForwardMadeOfIt) {
  if (!says("after") || summary_.totals.parameters.is_exact()) return;
  const Json& after = expected()["after"];
  std::vector<std::pair<SymbolId, std::uint64_t>> sizes;
  for (std::size_t i = 0; i < model_.symbols.size(); ++i) {
    const std::string_view name = model_.symbols[i].name;
    std::uint64_t size = after["in"].get<std::uint64_t>();
    if (const std::size_t slash = name.find('/'); slash != std::string_view::npos)
      size /= std::stoull(std::string(name.substr(slash + 1)));
    sizes.emplace_back(static_cast<SymbolId>(i), size);
  }
  const bool is_module = says("types");
  const bool has_one_width = model_.symbols.size() == 1 || !after.contains("widths");
  const auto parameters = summary_.totals.parameters.evaluate(sizes);
  if (!is_module || !has_one_width) return;
  if (expected()["types"].size() > 1 && model_.symbols.size() > 1) return;  // later layers have inputs of their own
  ASSERT_TRUE(parameters.has_value());
  EXPECT_EQ(*parameters, after["parameters"].get<std::uint64_t>());
}

INSTANTIATE_TEST_SUITE_P(All, Fixture, ::testing::ValuesIn(names_of_fixtures()),
                         [](const auto& info) { return testing::test_name(info.param); });

}  // namespace
}  // namespace weigh
