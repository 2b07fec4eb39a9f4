// tests/data/graph: what PyTorch Geometric's layers hold, take and give.
#pragma once

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include "weigh/torch/graph/inputs.h"

namespace weigh::testing {

using Json = nlohmann::json;

// The cases of one file: golden_cases("gat_conv").
Json golden_cases(const std::string& name);

// {"shape": …, "data": …} as a tensor, int64 or float64; undefined for null or a key that is not there.
torch::Tensor tensor_of(const Json& value);
torch::Tensor tensor_at(const Json& object, const std::string& key);
nn::NodeFeatures features_at(const Json& object, const std::string& key);

// The options of layers, where they are given.
nn::Channels channels_of(const Json& ctor);
nn::Reduce reduce_of(const std::string& name);
nn::FillValue fill_of(const Json& value);
nn::Flow flow_of(const Json& ctor);
nn::GraphSize size_of(const Json& object);

// The layer holds the parameters of the case, by name and in order, and no others but those that stayed lazy; each
// gets its values. The layer has had its first forward.
void load_parameters(torch::nn::Module& layer, const Json& known);

// Names of parameters that have no shape yet.
std::vector<std::string> lazy_names(const torch::nn::Module& layer);

// The same to 1e-12, in shape, too.
void expect_close(const torch::Tensor& actual, const torch::Tensor& expected);

}  // namespace weigh::testing
