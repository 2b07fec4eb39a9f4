#include "torch/graph/golden.h"

#include <map>
#include <vector>

#include "support/files.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::testing {

Json golden_cases(const std::string& name) { return Json::parse(file("graph/" + name + ".json")).at("cases"); }

torch::Tensor tensor_of(const Json& value) {
  if (value.is_null()) return {};
  const auto shape = value.at("shape").get<std::vector<std::int64_t>>();
  const Json& data = value.at("data");
  const bool is_integral = !data.empty() && data.front().is_number_integer();
  if (is_integral) return torch::tensor(data.get<std::vector<std::int64_t>>(), torch::kInt64).view(shape);
  return torch::tensor(data.get<std::vector<double>>(), torch::kFloat64).view(shape);
}

torch::Tensor tensor_at(const Json& object, const std::string& key) {
  return object.contains(key) ? tensor_of(object.at(key)) : torch::Tensor();
}

nn::NodeFeatures features_at(const Json& object, const std::string& key) {
  const Json& value = object.at(key);
  if (!value.is_array()) return tensor_of(value);
  return {tensor_of(value.at(0)), tensor_of(value.at(1))};
}

nn::Channels channels_of(const Json& ctor) {
  const Json& value = ctor.at("in_channels");
  if (value.is_array()) return {value.at(0).get<std::int64_t>(), value.at(1).get<std::int64_t>()};
  return value.get<std::int64_t>();
}

nn::Reduce reduce_of(const std::string& name) {
  static const std::map<std::string, nn::Reduce> names = {{"add", nn::Reduce::add},
                                                          {"mean", nn::Reduce::mean},
                                                          {"max", nn::Reduce::max},
                                                          {"min", nn::Reduce::min},
                                                          {"mul", nn::Reduce::mul}};
  return names.at(name);
}

nn::FillValue fill_of(const Json& value) {
  if (value.is_string()) return reduce_of(value.get<std::string>());
  if (value.is_number()) return value.get<double>();
  return tensor_of(value);
}

nn::Flow flow_of(const Json& ctor) {
  const bool is_reversed = ctor.value("flow", "source_to_target") == "target_to_source";
  return is_reversed ? nn::Flow::target_to_source : nn::Flow::source_to_target;
}

nn::GraphSize size_of(const Json& object) {
  if (!object.contains("size")) return std::nullopt;
  const Json& size = object.at("size");
  return std::pair(size.at(0).get<std::int64_t>(), size.at(1).get<std::int64_t>());
}

void load_parameters(torch::nn::Module& layer, const Json& known) {
  const torch::NoGradGuard no_grad;
  std::vector<std::string> names;
  for (auto& parameter : layer.named_parameters()) {
    if (nn::is_uninitialized(parameter.value())) continue;
    names.push_back(parameter.key());
    ASSERT_TRUE(known.at("params").contains(parameter.key())) << parameter.key();
    parameter.value().copy_(tensor_of(known.at("params").at(parameter.key())));
  }
  EXPECT_EQ(names.size(), known.at("params").size());
  if (!known.contains("state_dict_keys")) return;
  // Their order is that of state_dict, which also lists what is shared, buffers, and what stays without a shape.
  std::size_t next = 0;
  for (const Json& key : known.at("state_dict_keys"))
    if (next < names.size() && key.get<std::string>() == names[next]) ++next;
  EXPECT_EQ(next, names.size()) << "another order than " << known.at("state_dict_keys");
  for (auto& buffer : layer.named_buffers()) buffer.value().copy_(tensor_of(known.at("buffers").at(buffer.key())));
}

std::vector<std::string> lazy_names(const torch::nn::Module& layer) {
  std::vector<std::string> names;
  for (const auto& parameter : layer.named_parameters())
    if (nn::is_uninitialized(parameter.value())) names.push_back(parameter.key());
  return names;
}

void expect_close(const torch::Tensor& actual, const torch::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  if (expected.numel() == 0) return;
  EXPECT_LE((actual - expected).abs().max().item<double>(), 1e-12);
}

}  // namespace weigh::testing
