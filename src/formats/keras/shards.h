// Weights of Keras in several files: what Model.save_weights(…, max_shard_size=…) writes since Keras 3.10.
//
//   NAME.weights.json       {"metadata": {"total_size": 4060.0},
//                            "weight_map": {"/layers/conv2d/vars": ["NAME_00000.weights.h5"], …}}
//   NAME_00000.weights.h5   HDF5 files of the layout "saved" (keras/layouts.h); a group may be in several
//
// The total is of the variables' bytes, those of the optimizer too. A group may be listed with a file alone, or a list.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/folder.h"
#include "formats/keras/store.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::keras {

// "NAME_00000.weights.h5" for the index "NAME.weights.json".
bool is_shard_of(std::string_view file, std::string_view index);

class Shards {
 public:
  // Reads the index and opens the files that it names. Throws Error. What is missing is noted.
  Shards(const Folder& folder, std::string_view index, const Limits& limits, Model& model);

  std::vector<Source*> sources() const;
  // Notes what the index says otherwise than the files.
  void compare(const Store& store) const;

 private:
  void read_index(Source& source);
  void list(std::string_view group, std::string_view file);
  void open(const Folder& folder);

  const Limits& limits_;
  Model& model_;
  std::map<std::string, std::size_t> files_;                // by name; the number that a store gives them, or kNothing
  std::map<std::string, std::vector<std::string>> groups_;  // the files of each
  std::size_t listed_ = 0;
  std::optional<double> total_;
  std::vector<std::unique_ptr<Source>> sources_;
  bool is_whole_ = true;
};

}  // namespace weigh::keras
