// Tensors of model files as torch tensors, and into modules.
//
//   weigh::load_state_dict(*net, "model.safetensors");                         // or .pt, .ckpt, a folder of shards
//   weigh::load_state_dict(*net, "epoch=9.ckpt", {.prefix = "model."});
//   weigh::Weights weights = weigh::load_weights("model.pt");
//   weigh::save_safetensors("model.safetensors", weights.tensors, weights.metadata);
//
// Nothing in a file is executed. Errors are thrown as weigh::Error and name the tensor.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "weigh/limits.h"

namespace weigh {

struct NamedTensor {
  std::string name;  // "model.layers.0.weight", as it stands in the file
  torch::Tensor value;
};

struct Weights {
  std::vector<NamedTensor> tensors;             // in the file's order; tied ones are the same tensor
  std::map<std::string, std::string> metadata;  // facts that the file records beside them
  std::string source;                           // the file, for messages
};

// Writes tensors as safetensors does: the same bytes for the same tensors and metadata, whatever their order. Those
// that share memory and shape are written once, under the first of their names; the others stand in the metadata as
// safetensors.torch.save_model puts them there: {"the other name": "the first name"}. Views and tensors of other
// devices are copied first.
//
// The file is written beside `path` and takes its place when all of it is on the disk: whatever happens, there is the
// old file or the new one. Throws Error(usage) for what the format cannot hold (no shape, no data, sparse, complex128,
// a name twice), Error(not_written) with the system's reason.
void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

struct WeightsOptions {
  // Tensors show the file, and are read from it when they are looked at. Writing into them changes this process alone;
  // but whoever shortens the file while they live ends this process with a SIGBUS. false: the file is read into memory,
  // which lives as long as a tensor of it.
  bool map = true;
  Limits limits = {};
};

// Every tensor of the file's models: a safetensors file, an index or folder of shards, what torch.save or Lightning
// wrote. Where a checkpoint holds several models, names begin with the key of theirs, "state_dict.fc.weight". A tensor
// that was saved without a shape is an UninitializedParameter or UninitializedBuffer (weigh/torch/uninitialized.h).
// Throws Error(unsupported) for what has no like here: quantised, sparse and nested tensors, dtypes that this libtorch
// lacks, compressed records and big-endian files.
Weights load_weights(const std::string& path, const WeightsOptions& options = {});

// What did not fit when values were loaded into a module.
struct LoadReport {
  std::vector<std::string> missing;     // in the module only
  std::vector<std::string> unexpected;  // in the file only
  std::vector<std::string> misshapen;   // "fc.weight: [10, 64] in the file, [8, 64] in the module"
  std::string hint;                     // what to do, where that can be told

  bool is_clean() const { return missing.empty() && unexpected.empty() && misshapen.empty(); }
  // For people: the first twenty of each kind, and how many more; "" where all fitted.
  std::string text() const;
};

struct LoadOptions {
  // Anything that does not fit is an Error, and nothing is changed. false: what fits is loaded.
  bool strict = true;
  // Only names that begin with it are the module's, without it: "model." for the model in a LightningModule.
  std::string prefix = {};
  WeightsOptions weights = {};
};

// Copies values into the module's parameters and buffers, as Python's load_state_dict does: they stay the tensors that
// they are, on their device and of their dtype, into which values are converted. What has no shape yet takes that of
// the file, and an optimizer that was built before holds it still. A name that the module registers twice (tied
// weights) may be in the file once or twice. Throws Error(unsupported) where something does not fit and the options are
// strict.
LoadReport load_state_dict(torch::nn::Module& module, const std::string& path, const LoadOptions& options = {});
LoadReport load_state_dict(torch::nn::Module& module, const Weights& weights, const LoadOptions& options = {});

// What does not fit, as load_state_dict() with the same options would find it; `strict` does not matter. Nothing is
// changed.
LoadReport check_state_dict(const torch::nn::Module& module, const Weights& weights, const LoadOptions& options = {});

}  // namespace weigh
