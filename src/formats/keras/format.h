// Keras models, whole or their weights alone, and other HDF5 files.
//
//   .keras       a zip archive: config.json (the layers), metadata.json (version and date), model.weights.h5
//   .h5          an HDF5 file: the configuration in the attribute "model_config", weights by layer and name
//   .weights.h5  an HDF5 file as in the archive, or as the weights of a .h5
//   .weights.json  an index of such files: keras/shards.h
//
// HDF5 itself: wire/hdf5.h. How weights lie in it: keras/layouts.h. What the configuration tells: keras/config.h.
#pragma once

#include <string_view>

#include "bytes/folder.h"
#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_keras(Glance& glance);
void read_keras(Source& source, const ReadOptions& options, Model& model);

// Whether it is "NAME_00000.weights.h5" of the index "NAME.weights.json".
bool is_keras_shard(std::string_view file, std::string_view index);
void read_keras_shards(const Folder& folder, std::string_view name, const ReadOptions& options, Model& model);

}  // namespace weigh
