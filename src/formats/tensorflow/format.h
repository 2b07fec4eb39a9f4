// TensorFlow: checkpoints and SavedModels.
//
//   NAME.index, NAME.data-00000-of-00001, …   a checkpoint (tensorflow/bundle.h): tensors by name (TensorFlow 1), or by
//                                             objects (tensorflow/object_graph.h)
//   saved_model.pb, variables/variables.…     a SavedModel: a graph, and a checkpoint of its variables
//
// saved_model.pb is a protocol buffer, most of it the graph. Of it are read
//
//   SavedModel     2 [MetaGraphDef], the first
//   MetaGraphDef   1 MetaInfoDef: 4 [tag], 5 version of TensorFlow; 7 SavedObjectGraph
//   SavedObject    7 variable: 3 trainable; the objects are those of the checkpoint, in the same order
#pragma once

#include <string_view>

#include "bytes/folder.h"
#include "bytes/source.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// The index of a checkpoint. It ends as one, so it is told by its last bytes.
bool matches_tensorflow_index(Source& source, std::string_view name);
// The checkpoint that the file "NAME.index" is of.
void read_tensorflow_checkpoint(Folder& folder, std::string_view name, const ReadOptions& options, Model& model);

// Whether it is called as the graph of a SavedModel; nothing in such a file tells.
bool is_saved_model(std::string_view name);
// A SavedModel, or checkpoints and no model of another format beside them; of several the one that the file
// "checkpoint" names.
bool matches_tensorflow(const Folder& folder);
void read_tensorflow(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
